"""Finds out a file's format and columns, before anything reads it as a whole."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from backend.datasets.errors import RowTooLong, TooManyColumns, UnreadableData
from schemas.datasets import MOST_COLUMNS, FileFormat

HEAD_BYTES = 2 * 1024 * 1024
"""A row may be this long."""
SAMPLED_ROWS = 10_000
MAGIC = {
    b"\x1f\x8b": "a gzip archive. Unpack it first",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook. Export the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Export the sheet as CSV",
    b"\xff\xfe": "UTF-16 text. Export it as UTF-8",
    b"\xfe\xff": "UTF-16 text. Export it as UTF-8",
    b"\x28\xb5\x2f\xfd": "a zstd archive. Unpack it first",
    b"SQLite format 3": "an SQLite database. Export the table as CSV or Parquet",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def detect(path: Path, name: str) -> tuple[FileFormat, str | None]:
    """Return the format, and the delimiter of a delimited text. Raises UnreadableData, RowTooLong."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip():
        raise UnreadableData("The file is empty. Export it again, with a header and at least one row.")
    for magic, said in MAGIC.items():
        if head.startswith(magic):
            raise UnreadableData(f"The file is {said}.")
    if head.startswith(b"PAR1"):
        return "parquet", None
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow", None
    text = _text(head)
    if text.lstrip()[:1] == "[":
        raise UnreadableData("The file is a JSON list. Write one JSON object per line (JSON lines), without a list around them.")
    _refuse_long_lines(path)
    if text.lstrip()[:1] == "{":
        return "jsonl", None
    first = text.split("\n", 1)[0]
    delimiter = "\t" if name.lower().endswith((".tsv", ".tab")) else max(",;\t|", key=first.count)
    return ("tsv" if delimiter == "\t" else "csv"), delimiter


def names_of(path: Path, format: FileFormat, delimiter: str | None) -> list[str]:
    """Return the columns' names in their order. Raises UnreadableData, TooManyColumns, RowTooLong."""
    try:
        if format == "parquet":
            names = list(pq.read_schema(path).names)
        elif format == "arrow":
            with arrow_reader(path) as reader:
                names = list(reader.schema.names)
        elif format == "jsonl":
            names = _keys(path)
        else:
            names = _header(path, delimiter or ",")
    except (pa.ArrowException, OSError) as error:
        raise UnreadableData(f"The file says that it is {format}, but it cannot be read: {str(error)[:300]}") from None
    return _checked(names)


def arrow_reader(path: Path) -> Any:
    """Open an Arrow file or stream as a reader of record batches."""
    with path.open("rb") as file:
        is_file = file.read(6) == b"ARROW1"
    if not is_file:
        return pa.ipc.open_stream(pa.OSFile(str(path)))
    opened = pa.ipc.open_file(pa.OSFile(str(path)))
    return pa.RecordBatchReader.from_batches(opened.schema, (opened.get_batch(at) for at in range(opened.num_record_batches)))


def _refuse_long_lines(path: Path) -> None:
    """Raise RowTooLong, with the line. DuckDB may lose a last line that is longer than its buffer."""
    since, lines = 0, 0
    with path.open("rb") as file:
        while chunk := file.read(HEAD_BYTES):
            first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
            since += len(chunk) if first < 0 else first
            if since > HEAD_BYTES:
                raise RowTooLong(f"Line {lines + 1:,} is longer than 2 MB. Shorten the long cell, or leave its column out.")
            if first >= 0:
                since = len(chunk) - last - 1
                lines += chunk.count(b"\n")


def _text(head: bytes) -> str:
    cut = head if len(head) < HEAD_BYTES else head[: head.rfind(b"\n") + 1] or head[:-4]
    if b"\x00" in cut:
        raise UnreadableData("The file holds zero bytes: it is neither text nor Parquet nor Arrow.")
    try:
        return cut.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = cut.count(b"\n", 0, error.start) + 1
        raise UnreadableData(f"The file is not UTF-8: line {line} holds the byte 0x{cut[error.start]:02x}. Export it as UTF-8.") from None


def _header(path: Path, delimiter: str) -> list[str]:
    with path.open("rb") as file:
        text = _text(file.read(HEAD_BYTES))
    try:
        csv.field_size_limit(HEAD_BYTES)
        return next(csv.reader(io.StringIO(text), delimiter=delimiter))
    except (csv.Error, StopIteration) as error:
        raise UnreadableData(f"The header cannot be read: {error}.") from None


def _keys(path: Path) -> list[str]:
    """The keys of the first rows, in the order of their appearance."""
    found: dict[str, None] = {}
    with path.open("rb") as file:
        for number in range(1, SAMPLED_ROWS + 1):
            line = file.readline(HEAD_BYTES + 1)
            if not line:
                break
            if len(line) > HEAD_BYTES:
                raise RowTooLong(f"Row {number} is longer than {HEAD_BYTES:,} bytes. Shorten the long cell, or leave its column out.")
            try:
                found |= dict.fromkeys(msgspec.json.decode(line, type=dict[str, msgspec.Raw]) if line.strip() else ())
            except (msgspec.DecodeError, RecursionError):
                continue  # counted when all rows are read
            if len(found) > MOST_COLUMNS:
                break
    return list(found)


def _checked(names: list[str]) -> list[str]:
    if len(names) > MOST_COLUMNS:
        raise TooManyColumns(f"The file has {len(names):,} columns; a dataset may have {MOST_COLUMNS:,}. Leave out columns, or turn them into rows.")
    if not names:
        raise UnreadableData("The file has no columns.")
    for at, name in enumerate(names, 1):
        if not name.strip():
            raise UnreadableData(f"Column {at} has no name in the header. Give it one.")
        if len(name) > 200 or _CONTROL.search(name):
            raise UnreadableData(f"The name of column {at} is longer than 200 characters or holds control characters: {name[:60]!r}. Shorten it.")
    seen: dict[str, int] = {}
    for at, name in enumerate(names, 1):
        if name.lower() in seen:
            raise UnreadableData(f"Columns {seen[name.lower()]} and {at} have the same name {name!r}. Rename one of the two.")
        seen[name.lower()] = at
    return names
