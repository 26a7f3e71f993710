"""JSON lines as batches of text columns: numbers stay as they are written, so nothing is rounded before its type is known."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from backend.datasets.reading.formats import HEAD_BYTES
from backend.datasets.reading.problems import RowProblems

BATCH = 5_000
_row = msgspec.json.Decoder(dict[str, msgspec.Raw])
_string = msgspec.json.Decoder(str)


def batches(path: Path, names: list[str], problems: RowProblems) -> Iterator[Any]:
    """Yield record batches of text. Rows that are no objects, and unknown keys, go to `problems`, with their row number from 1."""
    schema = pa.schema([(name, pa.string()) for name in names])
    known = set(names)
    held: list[dict[str, Any]] = []
    with path.open("rb") as file:
        number = 0
        while line := file.readline(HEAD_BYTES + 1):
            if not line.strip():
                continue
            number += 1
            held.append(_values(line, number, known, problems))
            if len(held) == BATCH:
                yield pa.RecordBatch.from_pylist(held, schema)
                held = []
    yield pa.RecordBatch.from_pylist(held, schema)


def _values(line: bytes, number: int, known: set[str], problems: RowProblems) -> dict[str, Any]:
    if len(line) > HEAD_BYTES:
        problems.add(number, None, f"the row is longer than {HEAD_BYTES:,} bytes")
        return {}
    try:
        cells = _row.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        problems.add(number, None, f"not a JSON object: {str(error)[:120]}")
        return {}
    for name in cells.keys() - known:
        problems.add(number, name[:80], "no earlier row has this field; add it to one of the first 10,000 rows, or leave it out")
    try:
        return {name: _text(bytes(raw)) for name, raw in cells.items()}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problems.add(number, None, str(error)[:120])
        return {}


def _text(raw: bytes) -> str | None:
    if raw == b"null":
        return None
    return _string.decode(raw) if raw[:1] == b'"' else raw.decode()
