"""Which rows of a file are kept: conditions, a seeded sample, and the rows that are not of an erased entity."""

from typing import Any

from backend.datasets.errors import ColumnsUnclear
from backend.datasets.reading.conversion import SQL_TYPES, literal, quoted
from backend.datasets.reading.shapes import Preparation
from schemas.common import Issue
from schemas.datasets import ColumnChoice, Condition


def selected(rows: str, columns: list[ColumnChoice], task: Preparation) -> str:
    """SQL for the kept rows, in their order."""
    known = {column.name: column for column in columns}
    tests = [_test(condition, known, at) for at, condition in enumerate(task.conditions)]
    if task.without_entity is not None:
        entities = [quoted(column.name) for column in columns if column.role == "entity"]
        tests += [f"({entity} IS NULL OR CAST({entity} AS VARCHAR) <> {literal(task.without_entity)})" for entity in entities]
    kept = f"SELECT * FROM ({rows})" + (f" WHERE {' AND '.join(tests)}" if tests else "")
    if task.sample is None:
        return kept
    numbered = f'SELECT *, row_number() OVER () AS "tiltyard row" FROM ({kept})'
    draw = f'hash("tiltyard row", {int(task.seed)}) % 1000000007'
    return f'SELECT * EXCLUDE ("tiltyard row") FROM ({numbered}) WHERE {draw} < {task.sample} * 1000000007 ORDER BY "tiltyard row"'


def _test(condition: Condition, known: dict[str, ColumnChoice], at: int) -> str:
    column = known.get(condition.column)
    if column is None:
        raise ColumnsUnclear(issues=[Issue(pointer=f"/conditions/{at}/column", message=f"the snapshot has no column {condition.column!r}")])
    cell = quoted(column.name)
    if condition.test in ("missing", "present"):
        return f"{cell} IS {'NOT ' if condition.test == 'present' else ''}NULL"
    if condition.test == "in":
        if not isinstance(condition.value, list) or not condition.value:
            raise ColumnsUnclear(issues=[Issue(pointer=f"/conditions/{at}/value", message="give a list of values")])
        return f"{cell} IN ({', '.join(_value(one, column, at) for one in condition.value)})"
    return f"{cell} {condition.test} {_value(condition.value, column, at)}"


def _value(value: Any, column: ColumnChoice, at: int) -> str:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {"number": numeric, "integer": numeric, "boolean": isinstance(value, bool)}.get(column.type, isinstance(value, str))
    if not fits:
        raise ColumnsUnclear(issues=[Issue(pointer=f"/conditions/{at}/value", message=f"give a {column.type}, as the column {column.name} has")])
    if isinstance(value, str):
        return f"CAST({literal(value)} AS {SQL_TYPES[column.type]})"
    return repr(value).lower()
