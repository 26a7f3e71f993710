"""JSON Pointers (RFC 6901) as tuples of keys and indices. In a pattern `*` matches one key or index."""

from collections.abc import Iterator
from typing import Final

from schemas.common import Json

Path = tuple[str | int, ...]

MISSING: Final = object()
"""The result of resolving a pointer that leads nowhere; None is a value."""


def text(path: Path) -> str:
    """Return the pointer of a path: `("a/b", 0)` -> `/a~1b/0`."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def steps(pointer: str) -> tuple[str, ...]:
    """Return the steps of a pointer: `/a~1b/0` -> `("a/b", "0")`. A pointer is empty or starts with a slash; a relative one has no slash there."""
    if not pointer:
        return ()
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("/").split("/"))


def child(node: Json, step: str | int) -> Json:
    """Return the child at this step, or MISSING."""
    if isinstance(node, dict):
        return node.get(step if isinstance(step, str) else str(step), MISSING)
    if isinstance(node, list) and (isinstance(step, int) or (step.isascii() and step.isdigit() and len(step) < 9)):
        return node[int(step)] if int(step) < len(node) else MISSING
    return MISSING


def resolve(node: Json, path: tuple[str | int, ...]) -> Json:
    """Return the value at the path, or MISSING."""
    for step in path:
        node = child(node, step)
        if node is MISSING:
            return MISSING
    return node


def real(node: Json, wanted: tuple[str | int, ...]) -> Path:
    """Return the path with numbers for indices of lists, so that one place has one spelling."""
    path: list[str | int] = []
    for step in wanted:
        path.append(int(step) if isinstance(node, list) and str(step).isdecimal() else str(step))
        node = child(node, step)
    return tuple(path)


def items(node: Json) -> list[tuple[str | int, Json]]:
    """Return the keys or indices with their values; none for a scalar."""
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def matches(node: Json, pattern: tuple[str, ...], path: Path = (), captured: Path = ()) -> Iterator[tuple[Path, Path, Json]]:
    """Yield each place that the pattern matches: its path, the steps that the stars matched, and the value, in the file's order."""
    for at, step in enumerate(pattern):
        if step == "*":
            for key, value in items(node):
                yield from matches(value, pattern[at + 1 :], (*path, key), (*captured, key))
            return
        path = (*path, int(step) if isinstance(node, list) and step.isdecimal() else step)
        node = child(node, step)
        if node is MISSING:
            return
    yield path, captured, node


def leaves(node: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Yield each scalar, and each empty container (which has a meaning too), without recursion."""
    waiting: list[tuple[Path, Json]] = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        below = items(node)
        if below:
            waiting.extend(((*path, key), value) for key, value in reversed(below))
        else:
            yield path, node
