"""Places of declarations in the Python sources."""

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from sys import modules
from typing import Any, NamedTuple, get_origin

import msgspec

from rpc.core.procedure import Procedure
from rpc.core.router import Router


class Place(NamedTuple):
    """A place in a Python source, counted from 0."""

    file: str
    line: int
    column: int


def place_of(thing: Any) -> Place | None:
    """Return the place of a class or function; None without a place of its own."""
    names = _names(thing)
    return names.get(thing.__qualname__) if names else None


def place_of_field(owner: Any, name: str) -> Place | None:
    """Return the place of a shape's field, in the shape itself or in one it extends. `name` is the name on the wire."""
    cls = get_origin(owner) or owner
    if not (isinstance(cls, type) and issubclass(cls, msgspec.Struct)):
        return None
    attribute = next((f.name for f in msgspec.structs.fields(cls) if f.encode_name == name), name)
    return next((place for base in cls.__mro__ if (place := _names(base).get(f"{base.__qualname__}.{attribute}"))), None)


def place_of_router(router: Router) -> Place | None:
    """Return the place of `Router("name")`, in the file of its first procedure."""
    first = next((entry for entry in router.entries.values() if isinstance(entry, Procedure)), None)
    return _names(first.handler).get(f"Router({router.name})") if first else None


def _names(thing: Any) -> dict[str, Place]:
    file = getattr(modules.get(getattr(thing, "__module__", "")), "__file__", None)
    return _declared(file) if file and file.endswith(".py") else {}


@dataclass
class _Reader(ast.NodeVisitor):
    """Collects the places of a file's functions, classes, fields and routers."""

    file: str
    lines: list[str]
    within: list[str] = field(default_factory=list)
    found: dict[str, Place] = field(default_factory=dict)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Record a function; inner declarations get Python's qualified names."""
        self._note(node, node.name, node.name, "<locals>")

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 (ast's own naming)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Record a class."""
        self._note(node, node.name, node.name)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Record a field."""
        if isinstance(node.target, ast.Name):
            self.found[".".join([*self.within, node.target.id])] = Place(self.file, node.lineno - 1, node.col_offset)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Record a router: `groups = Router("groups")`."""
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Router" and call.args:
            name = call.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                self.found[f"Router({name.value})"] = Place(self.file, node.lineno - 1, node.col_offset)

    def _note(self, node: ast.AST, name: str, *steps: str) -> None:
        line: int = node.lineno - 1  # type: ignore[attr-defined]  # both kinds of node have it
        self.found[".".join([*self.within, name])] = Place(self.file, line, self.lines[line].index(name))
        self.within += steps
        self.generic_visit(node)
        del self.within[-len(steps) :]


@cache
def _declared(file: str) -> dict[str, Place]:
    text = Path(file).read_text(encoding="utf-8")
    reader = _Reader(file, text.splitlines())
    reader.visit(ast.parse(text))
    return reader.found
