"""`tiltyard contract`: lists the procedures, with their inputs, outputs and permissions."""

import difflib
from typing import Any

import click
from rich.text import Text

from rpc.commands.shared.terminal import console
from rpc.core.contract.failures import declared
from rpc.core.contract.router_types import needs
from rpc.core.contract.typescript import Direction, Names
from rpc.core.errors import WIRE
from rpc.core.inputs import FormInput, JsonInput
from rpc.core.procedure import Procedure
from rpc.core.router import Router
from rpc.root import root


@click.group("contract", short_help="Show the procedures and their shapes.")
def command() -> None:
    """List the procedures, with their inputs, outputs and permissions."""


@command.command("show")
@click.argument("path", required=False)
def show(path: str | None) -> None:
    """Show everything about the procedure or router PATH; without PATH, list every procedure."""
    procedures = dict(root.procedures())
    if path in procedures:
        _show(path, procedures[path])
        return
    found = {name: procedure for name, procedure in procedures.items() if path is None or name.startswith(f"{path}.")}
    if not found:
        raise unknown(str(path), [*procedures, *_routers(root)])
    width = max(map(len, found))
    for name, procedure in found.items():
        console.print(Text.assemble((f"{name:<{width}}", "bold"), f"  {procedure.kind:<12}  ", (procedure.doc.partition("\n")[0], "dim")))


def unknown(path: str, paths: list[str]) -> click.BadParameter:
    """Return the message for an unknown path, with similar paths."""
    close = difflib.get_close_matches(path, paths, n=3)
    hint = f"Did you mean {' or '.join(close)}?" if close else "`tiltyard contract show` lists all."
    return click.BadParameter(f"there is no procedure {path!r}. {hint}", param_hint="PATH")


def _routers(router: Router, prefix: str = "") -> list[str]:
    inner = [(f"{prefix}{name}", entry) for name, entry in router.entries.items() if isinstance(entry, Router)]
    return [found for name, entry in inner for found in (name, *_routers(entry, f"{name}."))]


def _show(path: str, procedure: Procedure) -> None:
    console.print(Text.assemble((path, "bold"), f"  {procedure.kind}", "  (streams)" if procedure.streams else ""))
    console.print(Text(f"{procedure.doc}\n{needs(procedure.permission)}"))
    _part("Input", *_input(procedure))
    _part("Output", *_shape(procedure.output.shape, "out"))
    _part("Errors", "besides those that any call may raise" if procedure.errors else "those that any call may raise")
    for error in declared([procedure]):
        status = WIRE[error.code].status
        console.print(Text.assemble("  ", (error.reason, "bold"), f"  {error.code} · {status}  ", (" ".join((error.__doc__ or "").split()), "dim")))


def _part(title: str, first: str, *rest: str) -> None:
    console.print(Text.assemble("\n", (title, "bold cyan"), f"  {first}"))
    for text in rest:
        console.print(Text("".join(f"  {line}\n" if line else "\n" for line in text.splitlines()).rstrip("\n")))


def _input(procedure: Procedure) -> list[str]:
    if procedure.input is None:
        return ["none"]
    if isinstance(procedure.input, JsonInput):
        name, *shapes = _shape(procedure.input.shape, "in")
        return [f"{name}{' (may be left out)' if procedure.input.optional else ''}", *shapes]
    return ["a form (multipart/form-data)" if isinstance(procedure.input, FormInput) else "bytes (application/octet-stream)"]


def _shape(annotation: Any, way: Direction) -> list[str]:
    """Return the shape's name, then its definition and its parts, in TypeScript."""
    names = Names()
    info = names.survey(annotation, way)
    name = names.write(info, way)
    return [name, *names.declarations.values()]
