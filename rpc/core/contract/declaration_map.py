"""router.d.ts.map: go-to-definition on `client.groups.promote` opens the Python function.

A source map (version 3) from the names in router.d.ts to their declarations in the Python sources. Every moved line makes it stale, so it is built with the
package and not committed.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_origin

from rpc.core.contract.places import Place, place_of, place_of_field, place_of_router
from rpc.core.contract.router_types import write_types
from rpc.core.router import Router

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TYPE = re.compile(r"^export (?:interface|type) (?P<name>\w+)")
_FIELD = re.compile(r"^  \"?(?P<name>[^\"?:/*]+)\"?\??: ")
_ENTRY = re.compile(r"^ {4,}(?P<name>\w+): (?P<rest>.)")
_ROUTER = "export type AppRouter ="


class MapPoint(NamedTuple):
    """A position in router.d.ts, counted from 0, and its source."""

    line: int
    column: int
    place: Place


def declaration_map(root: Router, folder: Path) -> str:
    """Return the text of router.d.ts.map for a router.d.ts in `folder`."""
    points = sorted(_points(root))
    files = sorted({point.place.file for point in points})
    sources = [Path(os.path.relpath(file, folder.resolve())).as_posix() for file in files]
    encoded = _encode(points, {file: number for number, file in enumerate(files)})
    return json.dumps({"version": 3, "file": "router.d.ts", "sourceRoot": "", "sources": sources, "names": [], "mappings": encoded}) + "\n"


def _points(root: Router) -> Iterator[MapPoint]:
    text, owners = write_types(root)
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(_ROUTER))
    yield from _types(lines[:start], owners)
    yield from _procedures(lines, start, root)


def _types(lines: list[str], owners: Mapping[str, object]) -> Iterator[MapPoint]:
    owner: Any = None
    for number, line in enumerate(lines):
        if found := _TYPE.match(line):
            owner = owners.get(found["name"])
            place = place_of(get_origin(owner) or owner)
        elif found := _FIELD.match(line):
            place = place_of_field(owner, found["name"])
        else:
            continue
        if place:
            yield from _spanned(lines, number, found.span("name"), place)


def _procedures(lines: list[str], start: int, root: Router) -> Iterator[MapPoint]:
    within = [root]
    for number, line in enumerate(lines[start:], start):
        if len(within) > 1 and line == f"{'  ' * len(within)}}};":
            within.pop()
        found = _ENTRY.match(line)
        entry = within[-1].entries.get(found["name"]) if found else None
        if not found or entry is None:
            continue
        if isinstance(entry, Router):
            within.append(entry)
            place = place_of_router(entry)
        else:
            place = place_of(entry.handler)
        if place:
            yield from _spanned(lines, number, found.span("name"), place)


def _spanned(lines: list[str], number: int, name: tuple[int, int], place: Place) -> Iterator[MapPoint]:
    """Return the name's start and end, and the end of its declaration: editors map that too, to show the declaration's extent."""
    start, end = name
    after = place._replace(column=place.column + end - start)
    yield MapPoint(number, start, place)
    yield MapPoint(number, end, after)
    last = number
    if lines[number].endswith("{"):
        indent = len(lines[number]) - len(lines[number].lstrip())
        last = next(n for n in range(number + 1, len(lines)) if lines[n].startswith(" " * indent + "}"))
    yield MapPoint(last, len(lines[last]), after)


def _encode(points: list[MapPoint], numbers: dict[str, int]) -> str:
    """Return Base64 VLQ: each number is the difference from the one before; columns start anew in every line."""
    lines: list[list[str]] = [[]]
    last, source, column = Place("", 0, 0), 0, 0
    for point in points:
        if point.line >= len(lines):
            lines += [[] for _ in range(point.line - len(lines) + 1)]
            column = 0
        place = point.place
        steps = (point.column - column, numbers[place.file] - source, place.line - last.line, place.column - last.column)
        lines[-1].append("".join(map(_vlq, steps)))
        last, source, column = place, numbers[place.file], point.column
    return ";".join(",".join(segments) for segments in lines)


def _vlq(number: int) -> str:
    rest = (-number << 1 | 1) if number < 0 else number << 1
    digits = ""
    while True:
        rest, digit = rest >> 5, rest & 31
        digits += _DIGITS[digit | (32 if rest else 0)]
        if not rest:
            return digits
