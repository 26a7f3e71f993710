"""Guesses a column's type from its first cells. What is ambiguous becomes a question, never a guess."""

import re
from collections.abc import Sequence

from schemas.columns import ColumnType
from schemas.datasets import GuessedColumn

NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
COMMAS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})*,\d+|[+-]?\d+,\d+|[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?")
OTHER_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./]\d{1,2}[./]\d{1,2}")
FORMULA = re.compile(r"[=@][A-Za-z(+-].*", re.DOTALL)
NO_VALUE = frozenset({"", "na", "n/a", "nan", "null", "none", "#n/a"})
MOST_LEVELS = 50
EXAMPLES = 3


def guess(name: str, cells: Sequence[str | None]) -> GuessedColumn:
    """Guess from text cells.

    >>> guess("id", ["007", "012"]).type, guess("n", ["1", "2"]).type, guess("x", ["1.5", "NA"]).type
    ('text', 'integer', 'number')
    >>> guess("amount", ["1.234,50"]).question is not None
    True
    """
    present = [cell for cell in cells if cell is not None and cell.strip().lower() not in NO_VALUE]
    examples = [cell[:80] for cell in dict.fromkeys(present)][:EXAMPLES]
    kind = _kind(present)
    question = note = None
    if present and kind in ("text", "category"):
        question, note = _question(name, present, examples), _note(present)
        if question:
            kind = "text"
    if not present:
        note = "No value in the first rows."
    return GuessedColumn(name=name, type=kind, role="timestamp" if kind == "timestamp" else "feature", examples=examples, question=question, note=note)


def from_native(name: str, native: str, examples: list[str]) -> GuessedColumn | None:
    """Return the column for a type of Parquet or Arrow; None for text, whose cells are looked at. `native` is the type's name in SQL."""
    if native in ("VARCHAR", "NULL", '"NULL"') or native.startswith("ENUM"):
        return None
    kinds: dict[str, ColumnType] = {"BOOLEAN": "boolean", "FLOAT": "number", "DOUBLE": "number", "HUGEINT": "number", "UBIGINT": "number"}
    kind = kinds.get(native)
    if native in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"):
        kind = "integer"
    elif native.startswith("DECIMAL"):
        kind = "number"
    elif native.startswith(("TIMESTAMP", "DATE")):
        kind = "timestamp"
    note = None if kind else f"The file's type {native[:60]} is read as text."
    return GuessedColumn(name=name, type=kind or "text", role="timestamp" if kind == "timestamp" else "feature", examples=examples, note=note)


def _kind(present: list[str]) -> ColumnType:
    if not present:
        return "text"
    if all(cell.lower() in ("true", "false") for cell in present):
        return "boolean"
    if all(INTEGER.fullmatch(cell) for cell in present):
        return "integer"
    if all(NUMBER.fullmatch(cell) for cell in present):
        return "number"
    if all(ISO.fullmatch(cell) for cell in present):
        return "timestamp"
    levels = len(set(present))
    few = levels <= MOST_LEVELS and levels * 2 <= len(present)
    numeric = all(cell.lstrip("+-").replace(".", "").replace(",", "").isdigit() for cell in present)
    return "category" if few and not numeric else "text"


def _question(name: str, present: list[str], examples: list[str]) -> str | None:
    odd = [cell for cell in present if not NUMBER.fullmatch(cell)]
    if odd and all(COMMAS.fullmatch(cell) or POINTS.fullmatch(cell) for cell in odd):
        return (
            f"{name} holds {', '.join(examples)}: is the comma the decimal mark or the thousands separator? "
            "Choose the type number with `number_format` decimal_comma or thousands_comma, or the type text."
        )
    return None


def _note(present: list[str]) -> str | None:
    if all(OTHER_DATE.fullmatch(cell) for cell in present):
        return "These look like dates, but not ISO dates (2026-12-01). They stay text; to use them as times, export them as ISO dates."
    if any(FORMULA.fullmatch(cell) for cell in present):
        return "Some cells begin like a spreadsheet formula. They are kept as text and never carried out."
    if any(NUMBER.fullmatch(cell) for cell in present):
        return "Numbers and text are mixed, or numbers have leading zeros. They stay text."
    return None
