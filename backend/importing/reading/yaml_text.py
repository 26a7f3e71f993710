"""Reads YAML as JSON values: MLflow's MLmodel files, the front matter of Hugging Face model cards, parameters of DVC and Kedro.

Aliases are written out and merge keys (`<<`) merged, up to a limit on the result. A file that would grow past it is refused before anything is built.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

from backend.importing.errors import FileTooLarge, TooDeep, TooManyLeaves, UnreadableFile
from backend.importing.reading.numbers import whole
from schemas.common import Json

MAX_CHARACTERS = 1024 * 1024
MAX_WRITTEN_OUT = 200_000
"""Limit on values and containers, with every alias written out."""
_MAX_DEPTH = 64
_MERGE = "tag:yaml.org,2002:merge"
_KEY = re.compile(r"""(?:[A-Za-z_][\w .-]*|"[^"\n]*"|'[^'\n]*'):(?:\s|$)|- """)


class _JsonLoader(yaml.CSafeLoader):  # type: ignore[misc]  # PyYAML ships no types
    """Knows JSON's types only, in the notation of YAML 1.2: `no` and `1:30` are texts, `1e-5` is a number, and dates are strings."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    yaml_constructors = {
        tag: made for tag, made in yaml.CSafeLoader.yaml_constructors.items() if tag is None or tag.rsplit(":", 1)[-1] in ("null", "bool", "str", "seq", "map")
    }

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.doubled: dict[int, list[str]] = {}
        """Repeated keys, by the mapping's id."""


def _mapping(loader: _JsonLoader, node: Any) -> Iterator[dict[str, Any]]:
    """Build a mapping with its keys as written: 1, 1.0 and true are three keys."""
    made: dict[str, Any] = {}
    yield made
    own = [loader.construct_scalar(key) for key, _ in node.value if key.tag != _MERGE]
    if len(set(own)) < len(own):
        loader.doubled[id(made)] = sorted(key for key, times in Counter(own).items() if times > 1)
    loader.flatten_mapping(node)
    made.update((loader.construct_scalar(key), loader.construct_object(value)) for key, value in node.value)


def _whole(loader: _JsonLoader, node: Any) -> int | float:
    return whole(loader.construct_scalar(node))


def _float(loader: _JsonLoader, node: Any) -> float:
    return float(loader.construct_scalar(node).lower().replace(".inf", "inf").replace(".nan", "nan"))


for _tag, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+.0123456789"),
    ("merge", "<<", "<"),
):
    _JsonLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))
_JsonLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_JsonLoader.add_constructor("tag:yaml.org,2002:int", _whole)
_JsonLoader.add_constructor("tag:yaml.org,2002:float", _float)


def looks_like_yaml(written: str) -> bool:
    """Return whether the first line, without blanks and comments, looks like YAML."""
    first = next((line for line in written.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    return first.strip() == "---" or bool(_KEY.match(first))


def read_yaml(written: str) -> tuple[Json, dict[int, tuple[Json, list[str]]]]:
    """Return the values of a YAML file, or of a Markdown file's front matter. Raises UnreadableFile with line and column, FileTooLarge."""
    body = written.lstrip()
    if body.startswith("---"):
        body = re.split(r"^(?:---|\.\.\.)[ \t]*$", body[3:], maxsplit=1, flags=re.MULTILINE)[0]
    if len(body) > MAX_CHARACTERS:
        raise FileTooLarge(f"YAML is read up to {MAX_CHARACTERS:,} characters; bring larger files as JSON.")
    try:
        _check_events(body)
        loader = _JsonLoader(body)
        doubled: dict[int, tuple[Json, list[str]]] = {}
        return _json(loader.get_single_data(), loader.doubled, doubled), doubled
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise UnreadableFile(f"Line {line}, column {column}: {error.problem or 'not YAML'}. Bring JSON if you can.", line=line, column=column) from error
    except KeyError as error:
        raise UnreadableFile(f"The YAML cannot be read: {error} does not fit the tag before it.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableFile(f"The YAML cannot be read: {' '.join(str(error).split())[:200]}") from error


def _check_events(body: str) -> None:
    """Check depth, and size with every alias written out, before anything is built."""
    open_nodes: list[tuple[str | None, int]] = []  # the anchor of each open container, and the size before it
    sizes: dict[str, int] = {}
    written = 0
    for event in yaml.parse(body, _JsonLoader):
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in open_nodes):
                raise UnreadableFile(f"The YAML's alias *{event.anchor} stands within what it repeats, without end. Write the values out.")
            written += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = written - before
        elif isinstance(event, yaml.NodeEvent):
            written += 1
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, written - 1))
            elif event.anchor:
                sizes[event.anchor] = 1
        if len(open_nodes) > _MAX_DEPTH:
            raise TooDeep(f"The file is nested deeper than {_MAX_DEPTH} levels.")
        if written > MAX_WRITTEN_OUT:
            raise TooManyLeaves(f"With its aliases (*name) written out the YAML has more than {MAX_WRITTEN_OUT:,} values. Leave out what is repeated.")


def _json(node: Any, repeated: dict[int, list[str]], doubled: dict[int, tuple[Json, list[str]]]) -> Json:
    """Return a tree in which nothing is shared."""
    if isinstance(node, list):
        return [_json(value, repeated, doubled) for value in node]
    if not isinstance(node, dict):
        return node
    made = {key: _json(value, repeated, doubled) for key, value in node.items()}
    if id(node) in repeated:
        doubled[id(made)] = made, repeated[id(node)]
    return made
