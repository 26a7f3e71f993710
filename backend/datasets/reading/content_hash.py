"""The content hash of a snapshot: SHA-256 over its names, types and values in their order. The file's format, encoding and compression do not matter.

Each column has a digest of the row numbers (int64, little-endian) of missing values, and one of its values: float64, int64, uint8, or microseconds since 1970
in UTC as int64, with 0 where missing. Text has the lengths in bytes (int32), and a digest of its UTF-8 bytes. The hash covers these digests, the names, the
types and the number of rows.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.columns import Column

BATCH: Final = 65_536
VERSION: Final = "tiltyard rows 1"


class _ColumnHash:
    def __init__(self) -> None:
        self._missing, self._data, self._text = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()

    def add(self, values: Any, first_row: int) -> None:
        if values.null_count:
            rows = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)).astype("<i8") + first_row
            self._missing.update(rows.data)
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            filled = pc.fill_null(values, "")
            self._data.update(np.ascontiguousarray(pc.binary_length(filled).to_numpy(zero_copy_only=False), "<i4").data)
            joined = pa.concat_arrays([filled])  # offsets from 0
            offsets = np.frombuffer(joined.buffers()[1], "<i4", len(joined) + 1 + joined.offset)[joined.offset :]
            if joined.buffers()[2] is not None:
                self._text.update(memoryview(joined.buffers()[2])[int(offsets[0]) : int(offsets[-1])])
        else:
            self._data.update(_numbers(values).data)

    def digests(self) -> list[str]:
        return [self._missing.hexdigest(), self._data.hexdigest(), self._text.hexdigest()]


def content_hash(path: str, columns: list[Column], threads: int = 2) -> str:
    """Return the hash of a Parquet file with these columns, as 64 hexadecimal digits."""
    file = pq.ParquetFile(path)
    hashes, row = [_ColumnHash() for _ in columns], 0
    with ThreadPoolExecutor(threads) as pool:
        for batch in file.iter_batches(BATCH, use_threads=threads > 1):
            list(pool.map(_ColumnHash.add, hashes, [batch.column(at) for at in range(len(columns))], [row] * len(columns)))
            row += batch.num_rows
    whole = [VERSION, row, [[column.name, _stored(column), *one.digests()] for column, one in zip(columns, hashes, strict=True)]]
    return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()


def _stored(column: Column) -> str:
    """A category is a text with few values: the same rows have the same hash."""
    return "text" if column.type == "category" else column.type


def _numbers(values: Any) -> Any:
    if pa.types.is_boolean(values.type):
        return np.ascontiguousarray(pc.fill_null(values, False).cast(pa.uint8()).to_numpy(zero_copy_only=False), "<u1")
    if pa.types.is_timestamp(values.type):
        return np.ascontiguousarray(pc.fill_null(values.cast(pa.timestamp("us")).cast(pa.int64()), 0).to_numpy(zero_copy_only=False), "<i8")
    if pa.types.is_floating(values.type):
        return np.ascontiguousarray(pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False), "<f8")
    return np.ascontiguousarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), "<i8")
