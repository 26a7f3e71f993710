"""Recognises files that are not JSON, with an answer for each kind that people bring."""

import re

from backend.importing.errors import ForeignFile, PickleFile, TableFile

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive (a Keras, PyTorch, skops or Excel file). Bring the JSON metadata that lies in it or beside it"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"BZh", "compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "compressed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it first"),
    (b"\x89HDF", "an HDF5 file (Keras). Bring the JSON metadata beside it"),
    (b"PAR1", "a Parquet table. Bring the JSON that describes the model"),
    (b"\x93NUMPY", "a NumPy array. Bring the JSON that describes the model"),
    (b"\x89PNG", "a picture. Bring the figures it shows, as JSON"),
    (b"%PDF", "a PDF document. Bring the figures it holds, as JSON"),
    (b"tree\nversion=", "a LightGBM text model, which is an artifact: upload it to the version. Its metadata comes from booster.dump_model()"),
    (b"CBM1", "a CatBoost binary model. Save its metadata with save_model(format='json')"),
    (b"{L", "UBJSON, XGBoost's binary format. Save the model with a name ending in .json"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]|\(dp\d|ccopy_reg\n|c__builtin__\n")
_SEPARATORS = ",;\t|"


def refuse_foreign(content: bytes) -> None:
    """Raise the error for the file's kind, if its first bytes show one; return for anything that may be JSON or YAML."""
    head = content[:4096]
    if _PICKLE.match(head):
        raise PickleFile
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise ForeignFile(f"This file is {what}.")
    stripped = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if stripped[:1] == b"<":
        raise ForeignFile("This file is HTML or XML. Of XML only PMML is read. Bring the model's metadata as JSON.")
    if stripped[:1] in b'{["' or b"\0" in head[:4]:
        return
    separator, columns = _table(stripped)
    if columns:
        named = ", ".join(columns[:4]) + (", …" if len(columns) > 4 else "")
        raise TableFile(f"This is a table (CSV, separated by {separator!r}, columns {named}), not a model's metadata. Bring the JSON that describes the model.")
    if sum(byte < 9 or 13 < byte < 32 for byte in head) > len(head) // 20:
        raise ForeignFile("This is a binary file of an unknown kind. Bring the model's metadata as JSON.")


def _table(head: bytes) -> tuple[str, list[str]]:
    """Return the separator and the first line's columns, if at least two lines have the same number of columns."""
    lines = [line for line in head.decode("utf-8", "replace").splitlines() if line.strip()][:6]
    whole = lines[:-1] if len(lines) == 6 else lines
    for separator in _SEPARATORS:
        counts = {line.count(separator) for line in whole}
        if len(whole) > 1 and len(counts) == 1 and counts != {0} and not any(re.match(r"\s*[\w.\"' -]+(?::\s|\s*=)", line) for line in whole):
            return separator, [column.strip().strip('"') for column in whole[0].split(separator)]
    return "", []
