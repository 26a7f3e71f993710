"""Reads TOML, the format of parameters in DVC and others, as JSON values."""

import re
import tomllib
from typing import Any

from backend.importing.errors import FileTooLarge, TooDeep, UnreadableFile
from backend.importing.reading.numbers import whole
from schemas.common import Json

MAX_CHARACTERS = 100_000
"""Parameters are short, and reading takes time with the square of the number of tables."""
_MAX_DEPTH = 64
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_PAIR = re.compile(rf"\s*{_KEYS}\s*=\s*\S")
_TABLE = re.compile(rf"\s*\[\[?\s*{_KEYS}\s*\]\]?\s*(?:#.*)?$")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def looks_like_toml(written: str) -> bool:
    """Return whether the first lines, without blanks and comments, are a pair, or tables and then a pair. JSON has neither."""
    for line in written[:4096].splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            if _PAIR.match(line):
                return True
            if not _TABLE.match(line):
                return False
    return False


def read_toml(written: str) -> Json:
    """Return the values of a TOML file, dates as texts. Raises UnreadableFile with line and column, TooDeep, FileTooLarge."""
    if len(written) > MAX_CHARACTERS:
        raise FileTooLarge(f"TOML is read up to {MAX_CHARACTERS:,} characters; bring larger files as JSON.")
    if any(line.count(".") > _MAX_DEPTH and _TABLE.match(line.split("#", 1)[0]) for line in written.splitlines()):
        raise TooDeep(f"The file is nested deeper than {_MAX_DEPTH} levels.")
    try:
        return _json(tomllib.loads(written))
    except RecursionError:
        raise TooDeep(f"The file is nested deeper than {_MAX_DEPTH} levels.") from None
    except ValueError as error:  # tomllib's, or int's for a number with too many digits
        said, at = str(error), _AT.search(str(error))
        line, column = (int(at[1]), int(at[2])) if at and at[1] else (written.count("\n") + 1, 1)
        reason = _AT.sub("", said) if isinstance(error, tomllib.TOMLDecodeError) else "a number has too many digits"
        raise UnreadableFile(f"Line {line}, column {column}: {reason}. This looks like TOML.", line=line, column=column) from None


def _json(node: Any) -> Json:
    if isinstance(node, dict):
        return {key: _json(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_json(value) for value in node]
    if isinstance(node, int) and not isinstance(node, bool):
        return whole(str(node))
    return node if isinstance(node, (str, float, bool)) else node.isoformat()
