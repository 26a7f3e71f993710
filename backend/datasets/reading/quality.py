"""The quality summary of a snapshot: exact counts from DuckDB, quantiles and histograms from evenly spaced rows."""

from datetime import datetime
from typing import Any

import numpy as np

from backend.datasets.reading.conversion import literal, quoted
from backend.datasets.reading.leakage import suspects
from schemas.columns import Column
from schemas.datasets.quality import Bin, ColumnQuality, Level, Prevalence, Preview, Quality

SAMPLE_ROWS = 100_000
HISTOGRAM_BINS = 20
LEVELS = 20
PREVIEW_ROWS = 50
CELL_CHARACTERS = 200
SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NUMERIC = ("number", "integer")


def describe(connection: Any, path: str, columns: list[Column], rows: int) -> tuple[Quality, Preview]:
    """Return the summary and the first rows of a Parquet file."""
    source = f"read_parquet({literal(path)})"
    sample = _sample(connection, source, columns, rows)
    described = [column for counted in _parts(columns) for column in _columns(connection, source, counted, rows, sample)]
    entity = next((column for column in columns if column.role == "entity"), None)
    target = next((column for column in columns if column.role == "target"), None)
    found = Quality(
        rows=rows,
        duplicate_rows=_duplicates(connection, source, columns, rows),
        duplicate_entities=None if entity is None else _repeated(connection, source, entity),
        columns=described,
        prevalence=_prevalence(connection, source, columns, target),
        suspects=suspects(columns, sample),
        warnings=_warnings(described, target, rows),
    )
    return found, _preview(connection, source, columns)


def _parts(columns: list[Column], size: int = 50) -> list[list[Column]]:
    """Wide tables are described part by part, which bounds the memory."""
    return [columns[at : at + size] for at in range(0, len(columns), size)]


def _sample(connection: Any, source: str, columns: list[Column], rows: int) -> dict[str, Any]:
    """Evenly spaced rows, as arrays: float64 with NaN, or objects with None."""
    step = max(1, -(-rows * max(1, len(columns) // 50) // SAMPLE_ROWS))
    where = f"WHERE file_row_number % {step} = 0" if step > 1 else ""
    cells = ", ".join(f"CAST({quoted(one.name)} AS DOUBLE) AS {quoted(one.name)}" if one.type in (*NUMERIC, "boolean") else quoted(one.name) for one in columns)
    numbered = f"{source[:-1]}, file_row_number=true)"
    found = connection.sql(f"SELECT {cells} FROM {numbered} {where}").to_arrow_table()
    return {column.name: found.column(at).to_numpy() for at, column in enumerate(columns)}


def _columns(connection: Any, source: str, columns: list[Column], rows: int, sample: dict[str, Any]) -> list[ColumnQuality]:
    asked = []
    for column in columns:
        cell = quoted(column.name)
        numeric = column.type in NUMERIC
        asked += [f"count({cell})", f"approx_count_distinct({cell})", f"min({cell}) = max({cell})"]
        asked += [f"CAST(min({cell}) AS DOUBLE)", f"CAST(max({cell}) AS DOUBLE)", f"avg({cell})"] if numeric else ["NULL", "NULL", "NULL"]
    answers = connection.execute(f"SELECT {', '.join(asked)} FROM {source}").fetchall()[0]
    return [_column(connection, source, column, rows, answers[at * 6 : at * 6 + 6], sample[column.name]) for at, column in enumerate(columns)]


def _column(connection: Any, source: str, column: Column, rows: int, counted: tuple[Any, ...], cells: Any) -> ColumnQuality:
    present, distinct, constant, low, high, mean = counted
    few = distinct <= 1000
    if few:
        distinct = connection.execute(f"SELECT count(DISTINCT {quoted(column.name)}) FROM {source}").fetchall()[0][0] if rows <= 1_000_000 else distinct
    values = cells[np.isfinite(cells)] if column.type in NUMERIC else np.array([])
    return ColumnQuality(
        name=column.name,
        type=column.type,
        role=column.role,
        missing=rows - present,
        distinct=distinct,
        constant=bool(constant) or not present,
        minimum=low,
        maximum=high,
        mean=mean,
        quantiles=[float(one) for one in np.quantile(values, SHARES)] if len(values) else [],
        histogram=_histogram(values),
        levels=_levels(cells, column) if column.type in ("category", "boolean", "text") else [],
    )


def _histogram(values: Any) -> list[Bin]:
    if not len(values):
        return []
    with np.errstate(all="ignore"):
        try:
            counts, edges = np.histogram(values, HISTOGRAM_BINS)
        except ValueError:  # a range too small for bins, or past the largest float
            return []
    return [Bin(low=float(low), high=float(high), count=int(count)) for low, high, count in zip(edges, edges[1:], counts, strict=False)]


def _levels(cells: Any, column: Column) -> list[Level]:
    if column.type == "boolean":
        cells = np.array(["true" if one else "false" for one in cells[np.isfinite(cells)]], dtype=object)
    counts: dict[str, int] = {}
    for cell in cells:
        if cell is not None:
            counts[cell] = counts.get(cell, 0) + 1
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:LEVELS]
    return [Level(value=value[:CELL_CHARACTERS], count=count) for value, count in ordered]


def _duplicates(connection: Any, source: str, columns: list[Column], rows: int) -> int:
    cells = ", ".join(quoted(one.name) for one in columns)
    return int(rows - connection.execute(f"SELECT count(DISTINCT hash({cells})) FROM {source}").fetchall()[0][0])


def _repeated(connection: Any, source: str, entity: Column) -> int:
    cell = quoted(entity.name)
    return int(connection.execute(f"SELECT count({cell}) - count(DISTINCT {cell}) FROM {source}").fetchall()[0][0])


def _prevalence(connection: Any, source: str, columns: list[Column], target: Column | None) -> list[Prevalence]:
    moment = next((one for one in columns if one.role == "timestamp" and one.type == "timestamp"), None)
    if moment is None or target is None or target.type in ("timestamp",):
        return []
    cell = quoted(target.name)
    value = f"CAST({cell} AS DOUBLE)"
    if target.type in ("category", "text"):
        rarer = connection.execute(f"SELECT {cell} FROM {source} WHERE {cell} IS NOT NULL GROUP BY 1 ORDER BY count(*), 1 LIMIT 1").fetchall()
        value = f"CASE WHEN {cell} IS NOT NULL THEN CAST({cell} = {literal(rarer[0][0] if rarer else '')} AS DOUBLE) END"
    month = f"strftime({quoted(moment.name)}, '%Y-%m')"
    found = connection.execute(
        f"SELECT {month}, count({cell}), avg({value}) FROM {source} WHERE {quoted(moment.name)} IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 600"
    )
    return [Prevalence(month=at, rows=count, mean=mean) for at, count, mean in found.fetchall() if mean is not None]


def _warnings(columns: list[ColumnQuality], target: Column | None, rows: int) -> list[str]:
    empty = [one.name for one in columns if one.missing == rows]
    constant = [one.name for one in columns if one.constant and one.missing < rows and one.role != "target"]
    said = [f"{name} has no value at all." for name in empty[:20]]
    said += [f"{name} has the same value in every row: a model learns nothing from it." for name in constant[:20]]
    aim = next((one for one in columns if target is not None and one.name == target.name), None)
    if aim is not None and aim.constant:
        said.append(f"The target {aim.name} has one class only: no model can be trained on these rows.")
    if aim is not None and 0 < aim.missing < rows:
        said.append(f"The target {aim.name} is missing in {aim.missing:,} rows. Leave them out before training.")
    return said


def _preview(connection: Any, source: str, columns: list[Column]) -> Preview:
    cells = ", ".join(f"left({quoted(one.name)}, {CELL_CHARACTERS})" if one.type in ("text", "category") else quoted(one.name) for one in columns[:200])
    rows = connection.execute(f"SELECT {cells} FROM {source} LIMIT {PREVIEW_ROWS}").fetchall()
    shown = [[cell.isoformat() if isinstance(cell, datetime) else cell if not _wide(cell) else str(cell) for cell in row] for row in rows]
    return Preview(columns=[one.name for one in columns[:200]], rows=shown)


def _wide(cell: Any) -> bool:
    return isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) > 2**53 - 1
