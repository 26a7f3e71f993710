"""Requests and responses of other platforms as rows of named inputs, with one score per row."""

import base64
import binascii
import csv
import io
import math
from typing import Any

from backend.exchange.fields import UnreadableField, a_text, an_object, json_of, member, refused
from backend.exchange.tensors import are_tensors, inputs_of, scores_of

_SCORES = ("probability", "probabilities", "score", "proba", "prob", "predicted_probability", "prediction_probability", "probability_1", "predicted_score")
"""Names of columns with a score, the most specific first."""
_POSITIVE = (("0", "1"), ("false", "true"), ("no", "yes"), ("negative", "positive"))
"""Names of two classes that identify the positive one."""
_ERRORS = ("error", "errors", "error_code", "errorcode", "error_message", "errormessage", "message", "detail", "exception", "traceback", "stack_trace")
_VECTORS = ("features", "values", "data", "instance", "input")


def is_error(said: Any) -> bool:
    """Return whether this answer is a failure's message."""
    return isinstance(said, dict) and not {"predictions", "outputs"} & said.keys() and any(str(name).lower() in _ERRORS for name in said)


def captured(said: Any, where: str) -> Any:
    """Return a captured payload's contents: JSON, JSON lines, or CSV as rows; each also in base64. Raises Unreadable."""
    said = an_object(said, where)
    data, encoding = member(said, "data", where), a_text(said, "encoding", where).upper()
    kind = str(said.get("observedContentType") or "").lower()
    if not isinstance(data, str):
        raise refused(f"{where}.data", data, "a text")
    if encoding == "BASE64":
        data = _plain(data, f"{where}.data")
    elif encoding not in ("JSON", "CSV"):
        raise refused(f"{where}.encoding", said["encoding"], "JSON, CSV or BASE64")
    if encoding == "CSV" or kind.startswith("text/csv"):
        return _table(data, f"{where}.data")
    if "jsonl" in kind or "json-lines" in kind or "json-seq" in kind:
        return [json_of(line, f"line {at + 1} of {where}.data") for at, line in enumerate(data.splitlines()) if line.strip()]
    return json_of(data, f"{where}.data")


def _plain(data: str, where: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        raise refused(where, data, "text in base64") from None


def base64_json(data: Any, where: str) -> Any:
    """Return the JSON of a text in base64. Raises Unreadable."""
    if not isinstance(data, str):
        raise refused(where, data, "text in base64")
    return json_of(_plain(data, where), where)


def _table(data: str, where: str) -> list[Any]:
    """Return CSV as rows: objects when the first line names the columns, else lists. An empty cell is null."""
    try:
        lines = [line for line in csv.reader(io.StringIO(data.strip()), skipinitialspace=True, strict=True) if line]
    except csv.Error:
        raise refused(where, data, "CSV") from None
    rows = [[_cell(cell) for cell in line] for line in lines]
    if len(rows) > 1 and _is_header(rows):
        if any(len(row) != len(rows[0]) for row in rows):
            raise UnreadableField(f"{where} has a line whose number of cells differs from its header, {len(rows[0])}")
        return [dict(zip(lines[0], row, strict=True)) for row in rows[1:]]
    return rows


def _is_header(rows: list[list[Any]]) -> bool:
    return all(isinstance(cell, str) and cell for cell in rows[0]) and any(not isinstance(cell, str) for row in rows[1:] for cell in row)


def _cell(written: str) -> Any:
    try:
        read = float(written)
    except ValueError:
        return written.strip() or None
    return read if math.isfinite(read) else None


def inputs_in(said: Any, where: str) -> list[dict[str, Any]]:
    """Return rows of named inputs from `instances`, `dataframe_records`, `dataframe_split`, `inputs` (rows, columns or tensors), or one object.

    Numbers without names are `f0`, `f1`, …. Raises Unreadable.
    """
    if isinstance(said, dict):
        if "dataframe_split" in said:
            return _split(said["dataframe_split"], f"{where}.dataframe_split")
        name = next((one for one in ("instances", "dataframe_records", "inputs") if one in said), None)
        if name is not None:
            said, where = said[name], f"{where}.{name}"
            if are_tensors(said):
                return inputs_of(said)
            if isinstance(said, dict) and any(isinstance(column, list) for column in said.values()):
                return _columns(said, where)
    rows = said if isinstance(said, list) else [said]
    if rows and not any(isinstance(row, list | dict) for row in rows):
        rows = [rows]
    found = [_named(row, f"{where}[{at}]" if len(rows) > 1 else where) for at, row in enumerate(rows)]
    if not found or not all(found):
        raise UnreadableField(f"{where} has no inputs")
    return found


def _named(row: Any, where: str) -> dict[str, Any]:
    if isinstance(row, dict):
        (name, inner), *more = [*row.items()] or [("", None)]
        if not more and name.lower() in _VECTORS and isinstance(inner, list) and not any(isinstance(one, list | dict) for one in inner):
            return _named(inner, where)
        return row
    if not isinstance(row, list):
        raise refused(where, row, "an object of named inputs, or a list of them")
    if any(isinstance(one, list | dict) for one in row):
        raise UnreadableField(f"{where} holds lists within a row; a row must be an object or a list of plain values")
    if row == [None]:
        raise UnreadableField(f"{where} is null; it must be an object of named inputs")
    return {f"f{at}": value for at, value in enumerate(row)}


def _split(said: Any, where: str) -> list[dict[str, Any]]:
    said = an_object(said, where)
    columns, data = member(said, "columns", where), member(said, "data", where)
    if not isinstance(columns, list) or not all(isinstance(one, str | int) for one in columns):
        raise refused(f"{where}.columns", columns, "a list of names")
    if not isinstance(data, list) or not data:
        raise refused(f"{where}.data", data, "a list of rows")
    for at, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(columns):
            raise refused(f"{where}.data[{at}]", row, f"a list of {len(columns)} values, one for each column")
    return [dict(zip(map(str, columns), row, strict=True)) for row in data]


def _columns(said: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """Return rows from parallel columns: each a list of values, or of one-element lists."""
    lengths = {len(column) if isinstance(column, list) else -1 for column in said.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise UnreadableField(f"{where} has columns of different lengths; each must be a list with one value per row")
    columns = {name: [_one(value, f"{where}.{name}[{at}]") for at, value in enumerate(column)] for name, column in said.items()}
    return [{name: column[at] for name, column in columns.items()} for at in range(lengths.pop())]


def _one(value: Any, where: str) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list | dict):
        raise refused(where, value, "one value")
    return value


def scores_in(said: Any, rows: int, where: str) -> list[float | None]:
    """Return one score per row; None for a null or non-finite score. For two classes, the positive one's score. Raises Unreadable."""
    if isinstance(said, dict) and are_tensors(said.get("outputs")):
        said = scores_of(said["outputs"])
    if isinstance(said, dict):
        name = next((one for one in ("predictions", "outputs") if one in said), None)
        said, where = (said[name], f"{where}.{name}") if name else (said, where)
    scores = said if isinstance(said, list) else [said]
    if len(scores) == 1 and rows > 1 and isinstance(scores[0], list) and len(scores[0]) == rows:
        scores = scores[0]
    if len(scores) != rows:
        raise UnreadableField(f"{where} has {len(scores)} predictions for {rows} rows of inputs; there must be one for each row")
    return [_score(one, f"{where}[{at}]") for at, one in enumerate(scores)]


def _score(one: Any, where: str) -> float | None:
    if isinstance(one, dict):
        return _of_columns(one, where)
    if isinstance(one, list):
        if len(one) not in (1, 2):
            raise refused(where, one, "one number, or the probabilities of two classes")
        return _score(one[-1], where)
    if one is None:
        return None
    if isinstance(one, bool) or not isinstance(one, int | float):
        raise refused(where, one, "a number (a label is no score)" if isinstance(one, bool | str) else "a number")
    try:
        return float(one) if math.isfinite(one) else None
    except OverflowError:
        raise refused(where, one, "a number of at most 1.8e308") from None


def _of_columns(row: dict[str, Any], where: str) -> float | None:
    """Return the score in a prediction of named columns. Ambiguous columns are refused."""
    names = {str(name).lower(): name for name in row}
    told = next((names[one] for one in _SCORES if one in names), None)
    if told is not None:
        return _score(row[told], f"{where}.{told}")
    for pair in _POSITIVE:
        if set(pair) == set(names):
            return _score(row[names[pair[1]]], f"{where}.{names[pair[1]]}")
    numbers = [name for name, value in row.items() if isinstance(value, int | float | list) and not isinstance(value, bool)]
    if len(numbers) == 1:
        return _score(row[numbers[0]], f"{where}.{numbers[0]}")
    raise UnreadableField(f"{where} has the columns {', '.join(map(str, row))[:150] or 'none'}; one of them must be called {', '.join(_SCORES[:3])}")
