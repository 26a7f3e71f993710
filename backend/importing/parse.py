"""Turns bytes into a tree of JSON values: tolerant where a file's meaning is clear, with limits on everything that grows."""

import hashlib
import json
import math
from typing import Any, NoReturn

import msgspec

from backend.importing.errors import EmptyFile, FileTooLarge, TooDeep, TooManyLeaves, UnreadableFile
from backend.importing.pointers import Path, text
from backend.importing.reading.not_json import refuse_foreign
from backend.importing.reading.numbers import whole
from backend.importing.reading.onnx_tree import looks_like_onnx, onnx_tree
from backend.importing.reading.pmml_tree import looks_like_pmml, pmml_tree
from backend.importing.reading.toml_text import looks_like_toml, read_toml
from backend.importing.reading.yaml_text import looks_like_yaml, read_yaml
from schemas.common import Issue, Json

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
MAX_LEAVES = 100_000
MAX_CONTAINERS = 200_000


class Parsed(msgspec.Struct, frozen=True):
    """A file's values, the SHA-256 of its bytes, and the repairs, by pointer."""

    tree: Json
    sha256: str
    warnings: list[Issue]


def parse(content: bytes) -> Parsed:
    """Read a file. NaN and Infinity become null, and a repeated key keeps its last value; both give a warning. Raises UnreadableFile and its subclasses,
    FileTooLarge; the message names line and column, if known.
    """
    check_size(content)
    if not content.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):  # nothing but blanks and byte order marks
        raise EmptyFile
    digest = hashlib.sha256(content).hexdigest()
    if looks_like_onnx(content):
        return Parsed(*_repaired(onnx_tree(content), {}, digest))
    if looks_like_pmml(content):
        return Parsed(*_repaired(pmml_tree(content), {}, digest))
    refuse_foreign(content)
    written = _decode(content)
    tree, doubled = (read_toml(written), {}) if looks_like_toml(written) else read_yaml(written) if looks_like_yaml(written) else _read_json(written)
    return Parsed(*_repaired(tree, doubled, digest))


def check_size(content: bytes) -> None:
    """Raise FileTooLarge for too many bytes."""
    if len(content) > MAX_BYTES:
        raise FileTooLarge(f"The file has {len(content) / 1e6:.1f} MB; an import takes at most {MAX_BYTES // 1024**2} MiB. Leave out predictions and trees.")


def read_embedded(written: str) -> Json:
    """Read the JSON in a string of the file, with the same limits. Raises UnreadableFile and its subclasses."""
    tree, doubled = _read_json(written)
    return _repaired(tree, doubled, "")[0]


def _decode(content: bytes) -> str:
    encoding = json.detect_encoding(content)
    try:
        return content.decode("utf-8-sig" if encoding.startswith("utf-8") else encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        message = f"Line {line}, column {column}: the byte 0x{content[error.start]:02x} is not {encoding.upper()}. Save the file as UTF-8."
        raise UnreadableFile(message, line=line, column=column) from error


def _read_json(written: str) -> tuple[Json, dict[int, tuple[Json, list[str]]]]:
    doubled: dict[int, tuple[Json, list[str]]] = {}

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) != len(found):
            seen: set[str] = set()
            doubled[id(made)] = (made, [key for key, _ in found if key in seen or seen.add(key)])  # type: ignore[func-returns-value]
        return made

    try:
        return json.loads(written, object_pairs_hook=pairs, parse_int=whole), doubled
    except RecursionError:
        raise TooDeep(f"The file is nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError as error:
        _refuse(written, error)


def _refuse(written: str, error: json.JSONDecodeError) -> NoReturn:
    rest = written[error.pos : error.pos + 8].lstrip()
    hint = "."
    if error.msg == "Extra data":
        hint = ": a second value begins here. One file is one JSON value; JSON Lines become one with `jq -s`."
    elif rest[:1] == "'":
        hint = ": names and strings need double quotes. This looks like Python's repr; write the file with json.dump."
    elif rest[:2] in ("//", "/*", "#"):
        hint = ": JSON has no comments."
    elif rest[:4] in ("None", "True", "Fals"):
        hint = ": JSON writes null, true, false. Write the file with json.dump."
    elif error.pos >= len(written.rstrip()):
        hint = ": the file ends too early."
    raise UnreadableFile(f"Line {error.lineno}, column {error.colno}: {error.msg}{hint}", line=error.lineno, column=error.colno) from None


def _repaired(tree: Json, doubled: dict[int, tuple[Json, list[str]]], sha256: str) -> tuple[Json, str, list[Issue]]:
    """Walk once: count, measure, and repair what PostgreSQL cannot store (NaN, infinite numbers, broken characters)."""
    holder = [tree]
    warnings: list[Issue] = []
    count, containers = 0, 0
    waiting: list[tuple[Any, str | int, Path]] = [(holder, 0, ())]
    while waiting:
        parent, key, path = waiting.pop()
        node = parent[key]
        if isinstance(node, (dict, list)) and len(path) >= MAX_DEPTH:
            raise TooDeep(f"The file is nested deeper than {MAX_DEPTH} levels, at {text(path[:6])}/….")
        if isinstance(node, (dict, list)) and node:
            containers += 1
            if containers > MAX_CONTAINERS:
                raise TooManyLeaves(f"The file has more than {MAX_CONTAINERS:,} objects and lists. Leave out predictions, trees and raw rows.")
            if isinstance(node, dict):
                if id(node) in doubled:
                    warnings += [
                        Issue(pointer=text((*path, k)), message="the key is given more than once; the last value counts") for k in doubled[id(node)][1]
                    ]
                _mend_keys(node, path, warnings)
            waiting.extend((node, step, (*path, step)) for step in reversed(node if isinstance(node, dict) else range(len(node))))
            continue
        count += 1
        if count > MAX_LEAVES:
            raise TooManyLeaves(f"The file has more than {MAX_LEAVES:,} values. Leave out predictions, trees and raw rows.")
        if isinstance(node, float) and not math.isfinite(node):
            parent[key] = None
            warnings.append(Issue(pointer=text(path), message=f"{node} is no JSON number and becomes null"))
        elif isinstance(node, str) and (mended := _mended(node)) != node:
            parent[key] = mended
            warnings.append(Issue(pointer=text(path), message="characters that cannot be stored were replaced"))
    return holder[0], sha256, warnings


def _mended(written: str) -> str:
    if written.isascii() and "\0" not in written:
        return written
    return written.replace("\0", "�").encode("utf-8", "replace").decode() if "\0" in written else written.encode("utf-8", "replace").decode()


def _mend_keys(node: dict[str, Any], path: Path, warnings: list[Issue]) -> None:
    broken = [key for key in node if _mended(key) != key]
    for key in broken:
        node[_mended(key)] = node.pop(key)
        warnings.append(Issue(pointer=text((*path, _mended(key))), message="characters of the key that cannot be stored were replaced"))
