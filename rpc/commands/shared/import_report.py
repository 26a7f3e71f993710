"""The report of `tiltyard import`: the document with each value's place in the file, and what is open."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console

from backend.importing.pointers import leaves, text
from backend.plural import plural
from rpc.commands.shared.terminal import console, errors
from schemas.importing import ImportPreview, LlmReport

if TYPE_CHECKING:
    from rpc.commands.shared.import_into_hub import Outcome

_SHOWN_ROWS = 200
_UNMAPPED = 40


def show(understood: ImportPreview) -> None:
    """Print the whole report to standard output."""
    console.print(f"Format: {understood.format or 'none that is known; read by its words, types and shape'}", markup=False)
    if understood.document is not None:
        _document(understood)
    for issue in understood.warnings:
        console.print(f"[yellow]warning[/] {_safe(issue.pointer or '/')}: {_safe(issue.message)}")
    for found in understood.contradictions:
        console.print(f"[bold red]contradiction[/] {_safe(found.message)}")
        for claim in found.claims:
            console.print(f"    {_printable(claim.pointer)} says {claim.value!r}", markup=False)
    _unmapped(understood)
    for question in understood.questions:
        console.print(f"[bold yellow]decide[/] {_safe(question)}")
    if understood.several_models and not understood.picked:
        console.print("    Choose it with --pick, more than once for several, or take all with --pick-all.")


def warn(understood: ImportPreview) -> None:
    """Print repairs and open decisions to standard error."""
    for issue in understood.warnings:
        errors.print(f"[yellow]warning[/] {_safe(issue.pointer or '/')}: {_safe(issue.message)}")
    for question in understood.questions:
        errors.print(f"[bold yellow]decide[/] {_safe(question)}")


def show_outcome(outcome: "Outcome", to_errors: bool) -> None:
    """Print what a language model did, and what was stored."""
    out, draft = errors if to_errors else console, outcome.draft
    if draft.remembered is not None:
        out.print(f"Read with the mapping by {_safe(draft.remembered.created_by)} for files of this shape.")
    if draft.llm is not None:
        _language_model(draft.llm, out)
    if outcome.shown is not None:
        out.print(f"Nothing was sent. At level {outcome.shown.shows.value} this would leave the hub; import the file again with --agree to send it:")
        out.print(outcome.shown.text or outcome.shown.reason or "", markup=False, soft_wrap=True)
    for twin in draft.duplicate_of:
        out.print(f"The same bytes are {_safe(twin.model_name)} {twin.label} already.")
    for version in outcome.versions:
        out.print(f"Kept as [bold]{_safe(version.model_name)} {version.label}[/] ({version.id}). Its artifact comes next.")
    if outcome.versions:
        return
    if draft.open:
        out.print("Nothing is stored yet: decide in the console (Models, Import), or import the file again with --pick or --pick-all.")


def _language_model(report: LlmReport, out: Console) -> None:
    taken = plural(len(report.accepted), "rule")
    took = f"{plural(report.calls, 'call')}, {plural(report.input_tokens, 'token')} in, {report.output_tokens} out"
    out.print(f"{_safe(report.connector)} ({_safe(report.model or 'no model')}): {taken} taken, {len(report.refused)} refused; {took}")
    for refused in report.refused:
        out.print(f"    refused: {_safe(refused.reason)}")
    if report.message:
        out.print(f"    [yellow]{report.reason}[/] {_safe(report.message)} The hub's own reading is used.")


def _document(understood: ImportPreview) -> None:
    """Print aligned lines, never cut: they may be piped."""
    rows = [("document", "value", "from", "changed"), *_rows(understood.document or {}, understood)]
    widths = [max(len(row[column]) for row in rows[: _SHOWN_ROWS + 1]) for column in range(3)]
    for row in rows[: _SHOWN_ROWS + 1]:
        console.print("  ".join((*(_printable(cell).ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])).rstrip(), markup=False)
    if len(rows) > _SHOWN_ROWS + 1:
        console.print(f"… and {len(rows) - _SHOWN_ROWS - 1} more values (--json shows all)")


def _rows(document: dict[str, Any], understood: ImportPreview) -> Iterator[tuple[str, str, str, str]]:
    for path, value in leaves(document):
        target = text(path)
        if target != "/schema_version":
            shown = str(value) if value is not None else "null"
            yield target, shown[:60] + "…" * (len(shown) > 60), understood.provenance.get(target, ""), understood.transforms.get(target, "")


def _unmapped(understood: ImportPreview) -> None:
    if not understood.unmapped:
        console.print("Every value of the file has a place in the document.")
        return
    console.print(f"{plural(len(understood.unmapped), 'value')} of the file without a place in the document:")
    for pointer in understood.unmapped[:_UNMAPPED]:
        console.print(f"    {_printable(pointer)}", markup=False)
    if len(understood.unmapped) > _UNMAPPED:
        console.print(f"    … and {len(understood.unmapped) - _UNMAPPED} more (--json lists all)")


def _safe(written: str) -> str:
    """Return text without markup and control characters, so that a file's content cannot reach the terminal."""
    return _printable(written).replace("[", "\\[")


def _printable(written: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in written)
