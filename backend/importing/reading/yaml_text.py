"""YAML as JSON values: what MLflow's MLmodel files and the front matter of Hugging Face model cards are written in."""

import re
from typing import Any

import yaml

from backend.importing.errors import FileTooLarge, TooDeep, UnreadableFile
from schemas.common import Json

MAX_CHARACTERS = 1024 * 1024
_MAX_DEPTH = 64
_KEY = re.compile(r"""(?:[A-Za-z_][\w .-]*|"[^"\n]*"|'[^'\n]*'):(?:\s|$)|- """)


class _JsonLoader(yaml.CSafeLoader):  # type: ignore[misc]  # PyYAML ships no types
    """Knows JSON's types only: dates stay strings, and an alias (which can blow up) is refused."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in known if not tag.endswith((":timestamp", ":merge", ":value"))]
        for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def looks_like_yaml(written: str) -> bool:
    """Does its first line that says something read like YAML?"""
    first = next((line for line in written.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    return first.strip() == "---" or bool(_KEY.match(first))


def read_yaml(written: str) -> tuple[Json, dict[int, tuple[Json, list[str]]]]:
    """The values of a YAML file, or of a Markdown file's front matter. Raises UnreadableFile with line and column, FileTooLarge."""
    body = written.lstrip()
    if body.startswith("---"):
        body = re.split(r"^(?:---|\.\.\.)[ \t]*$", body[3:], maxsplit=1, flags=re.MULTILINE)[0]
    if len(body) > MAX_CHARACTERS:
        raise FileTooLarge(f"YAML is read up to {MAX_CHARACTERS:,} characters; bring larger files as JSON.")
    try:
        _check_events(body)
        return _json(yaml.load(body, _JsonLoader)), {}  # noqa: S506  a safe loader's subclass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise UnreadableFile(f"Line {line}, column {column}: {error.problem or 'not YAML'}. Bring JSON if you can.", line=line, column=column) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableFile(f"The YAML cannot be read: {' '.join(str(error).split())[:200]}") from error


def _check_events(body: str) -> None:
    """Before anything is built: neither aliases nor depth."""
    depth = 0
    for event in yaml.parse(body, _JsonLoader):
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableFile("The YAML uses aliases (*name), which are not read here. Write the values out.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise TooDeep(f"The file is nested deeper than {_MAX_DEPTH} levels.")


def _json(node: Any) -> Json:
    if isinstance(node, dict):
        return {str(key): _json(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_json(value) for value in node]
    return node if node is None or isinstance(node, (str, int, float, bool)) else str(node)
