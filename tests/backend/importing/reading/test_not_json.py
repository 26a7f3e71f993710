"""Files that are no JSON: each kind is named."""

import pytest

from backend.importing.errors import EmptyFile, FileTooLarge, ForeignFile, PickleFile, TableFile
from backend.importing.parse import MAX_BYTES, parse


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", EmptyFile, "empty"),
        (b" \n\t ", EmptyFile, "empty"),
        (b"model,auc,f1\nrf,0.8,0.7\nlr,0.7,0.6\n", TableFile, "columns model, auc, f1"),
        (b"model;auc\nrf;0,8\n", TableFile, "separated by ';'"),
        (b"\x80\x04\x95\x10\x00sklearn", PickleFile, "runs code"),
        (b"PK\x03\x04rest", ForeignFile, "zip"),
        (b"\x1f\x8b\x08rest", ForeignFile, "gzip"),
        (b"tree\nversion=v4\nnum_class=1\n", ForeignFile, "artifact"),
        (b"<?xml version='1.0'?><PMML/>", ForeignFile, "PMML"),
        (b"{L\x00learner", ForeignFile, "UBJSON"),
        (bytes(range(1, 32)) * 20, ForeignFile, "binary"),
        (b"{" + b" " * MAX_BYTES, FileTooLarge, "10 MiB"),
    ],
)
def test_each_kind_of_file_that_is_not_json_gets_its_own_answer(content: bytes, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        parse(content)
