"""Turns a file into a snapshot's Parquet file: typed, hashed, and described. Nothing is kept of a file with a problem."""

import re
from pathlib import Path
from typing import Any

import duckdb

from backend.datasets.errors import CellsRefused, DataTooCostly, NoRowsLeft, RowTooLong, UnreadableData
from backend.datasets.reading.content_hash import content_hash
from backend.datasets.reading.conversion import SQL_TYPES, converted, is_missing, literal, quoted, strict
from backend.datasets.reading.formats import SAMPLED_ROWS, detect, names_of
from backend.datasets.reading.guess import from_native, guess
from backend.datasets.reading.problems import SHOWN
from backend.datasets.reading.quality import describe
from backend.datasets.reading.relation import Relation, connect, run
from backend.datasets.reading.selection import selected
from backend.datasets.reading.shapes import DataFileFacts, Preparation, Prepared
from schemas.columns import Column
from schemas.datasets import ColumnChoice, GuessedColumn

WRITTEN = "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880"
MOST_CATEGORIES = 1000


def inspect_file(path: str, name: str, folder: str) -> DataFileFacts:
    """Return a file's format and a guess for each column."""
    kind, delimiter = detect(Path(path), name)
    names = names_of(Path(path), kind, delimiter)
    relation = Relation(connect([path], folder, 1, 300), path, kind, delimiter, names)
    return DataFileFacts(format=kind, delimiter=delimiter, columns=guesses(relation))


def guesses(relation: Relation) -> list[GuessedColumn]:
    """Return a guess for each column. RowProblems of rows are left to the preparation."""
    try:
        rows = relation.first_rows(SAMPLED_ROWS)
    except (RowTooLong, DataTooCostly):
        raise
    except UnreadableData:
        rows = run(relation.connection, f"SELECT * FROM {relation.sql(rejecting=True)} LIMIT {SAMPLED_ROWS}").fetchall()
    if not rows and not relation.problems.count:
        raise UnreadableData("The file has no rows under its header. Export it again, with at least one row.")
    natives = relation.natives()
    columns = zip(*rows, strict=True) if rows else ([] for _ in relation.names)
    return [_guessed(name, natives[name], list(cells)) for name, cells in zip(relation.names, columns, strict=True)]


def _guessed(name: str, native: str, cells: list[str | None]) -> GuessedColumn:
    examples = [cell[:80] for cell in dict.fromkeys(cell for cell in cells if cell is not None)][:3]
    known = from_native(name, native, examples)
    if known is not None:
        return known
    return guess(name, cells)


def prepare_file(task: Preparation) -> Prepared:
    """Write the Parquet file and return its facts. Raises CellsRefused with the first hundred problems, UnreadableData and its kin."""
    names = names_of(Path(task.path), task.format, task.delimiter)
    connection = connect([task.path, task.written], task.folder, task.threads, task.memory_mb)
    relation = Relation(connection, task.path, task.format, task.delimiter, names)
    choices = _choices(task, relation)
    natives = relation.natives()
    kept = [choice for choice in choices if not (choice.role == "ignore" and natives[choice.name] != "VARCHAR" and natives[choice.name].endswith(("[]", ")")))]
    cells = ", ".join(f"{strict(choice, natives[choice.name])} AS {quoted(choice.name)}" for choice in kept)
    rows = f"SELECT {cells} FROM {relation.sql()}"
    try:
        connection.execute(f"COPY ({selected(rows, kept, task)}) TO {literal(task.written)} ({WRITTEN})").fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise _refused(relation, kept, natives, error) from None
    if relation.problems.count:
        raise _too_many(relation)
    return _described(task, connection, kept)


def _described(task: Preparation, connection: Any, kept: list[ColumnChoice]) -> Prepared:
    rows = connection.execute(f"SELECT count(*) FROM read_parquet({literal(task.written)})").fetchall()[0][0]
    if not rows:
        raise NoRowsLeft
    columns = [Column(name=choice.name, type=choice.type, role=choice.role, categories=_levels(connection, task.written, choice)) for choice in kept]
    quality, preview = describe(connection, task.written, columns, rows)
    moments = next((column.name for column in columns if column.role == "timestamp" and column.type == "timestamp"), None)
    span = (None, None)
    if moments is not None:
        span = connection.execute(f"SELECT min({quoted(moments)}), max({quoted(moments)}) FROM read_parquet({literal(task.written)})").fetchall()[0]
    connection.close()
    return Prepared(
        columns=columns,
        rows=rows,
        content_hash=content_hash(task.written, columns, task.threads),
        size_bytes=Path(task.written).stat().st_size,
        time_from=span[0],
        time_to=span[1],
        quality=quality,
        preview=preview,
    )


def _choices(task: Preparation, relation: Relation) -> list[ColumnChoice]:
    """The choice for each column, in the order of the file. Raises UnreadableData for a choice without a column."""
    chosen = {choice.name: choice for choice in task.choices}
    if unknown := [name for name in chosen if name not in relation.names]:
        raise UnreadableData(f"The rows have no column {unknown[0]!r}. Their columns: {', '.join(relation.names[:30])}.")
    if all(name in chosen for name in relation.names):
        return [chosen[name] for name in relation.names]
    guessed = {one.name: ColumnChoice(name=one.name, type=one.type, role=one.role) for one in guesses(relation)}
    if any(choice.role == "timestamp" for choice in chosen.values()):
        guessed = {name: ColumnChoice(name=name, type=one.type) for name, one in guessed.items()}
    return [chosen.get(name) or guessed[name] for name in relation.names]


def _levels(connection: Any, path: str, choice: ColumnChoice) -> list[str]:
    if choice.type != "category":
        return []
    cell = quoted(choice.name)
    found = connection.execute(f"SELECT DISTINCT {cell} FROM read_parquet({literal(path)}) WHERE {cell} IS NOT NULL LIMIT {MOST_CATEGORIES + 1}").fetchall()
    if len(found) > MOST_CATEGORIES:
        raise UnreadableData(f"The column {choice.name} has more than {MOST_CATEGORIES:,} different values. Choose the type text for it.")
    return sorted(value for (value,) in found)


def _refused(relation: Relation, kept: list[ColumnChoice], natives: dict[str, str], error: Exception) -> UnreadableData:
    """Read the file again to find every problem; the first error said only that there is one."""
    if "aximum line size" in str(error) or "Parallel CSV Reader" in str(error):
        run(relation.connection, f"SELECT count(*) FROM {relation.sql()}")  # raises RowTooLong
    rejecting = relation.sql(rejecting=True)
    bad = {choice.name: f"({converted(choice, natives[choice.name])} IS NULL AND NOT {is_missing(choice, natives[choice.name])})" for choice in kept}
    counts = run(relation.connection, f"SELECT {', '.join(f'count(*) FILTER ({test})' for test in bad.values())} FROM {rejecting}").fetchall()[0]
    rejects = _rejected(relation)
    for (name, test), count, choice in zip(bad.items(), counts, kept, strict=True):
        if not count:
            continue
        numbered = f"SELECT *, row_number() OVER () AS row FROM {relation.sql(rejecting=True)}"
        cell = quoted(name)
        found = run(relation.connection, f"SELECT row, left(CAST({cell} AS VARCHAR), 80) FROM ({numbered}) WHERE {test} ORDER BY row LIMIT {SHOWN}").fetchall()
        for row, value in found:
            relation.problems.add(_moved(row, rejects), name, f"{value!r} is no {_words(choice)}")
        relation.problems.more(count - len(found))
    if relation.problems.count:
        return _too_many(relation)
    return UnreadableData(f"The file cannot be read: {str(error).splitlines()[0][:300]}")


def _rejected(relation: Relation) -> list[int]:
    """Note rows with a wrong number of cells, and return their row numbers. `line` counts the header too."""
    try:
        found = relation.connection.execute("SELECT DISTINCT line, error_type, error_message FROM reject_errors ORDER BY line").fetchall()
    except duckdb.Error:
        return []
    for line, _, message in found:
        said = re.sub(r"^Expected Number of Columns: (\d+) Found: (\d+).*", r"the row has \2 cells, the header \1", str(message).splitlines()[0])
        relation.problems.add(line - 1, None, said[:200])
    return [line - 1 for line, *_ in found]


def _moved(row: int, rejects: list[int]) -> int:
    """The number of a row in the file, where rejected rows before it are counted too."""
    for rejected in rejects:
        row += rejected <= row
    return row


def _words(choice: ColumnChoice) -> str:
    words = {"number": "number", "integer": "whole number", "boolean": "true or false", "timestamp": "ISO date or time, such as 2026-12-01"}
    return words.get(choice.type, SQL_TYPES[choice.type]) + ("" if choice.number_format == "plain" else f" with {choice.number_format.replace('_', ' ')}")


def _too_many(relation: Relation) -> CellsRefused:
    issues, count = relation.problems.issues(), relation.problems.count
    return CellsRefused(f"{count:,} problem{'s' if count > 1 else ''} in the rows; the first: {issues[0].message}", issues=issues, count=count)
