import json

import pytest

from backend.importing.errors import TooDeep, TooManyLeaves, UnreadableFile
from backend.importing.parse import MAX_DEPTH, MAX_LEAVES, parse


def test_a_byte_order_mark_does_not_matter() -> None:
    written = '{"model_name": "größe"}'
    for encoding in ("utf-8-sig", "utf-16", "utf-8"):
        assert parse(written.encode(encoding)).tree == {"model_name": "größe"}


def test_nan_and_infinity_become_null_with_a_warning() -> None:
    parsed = parse(b'{"auc": NaN, "m": [1, -Infinity, 1e999]}')
    assert parsed.tree == {"auc": None, "m": [1, None, None]}
    assert [issue.pointer for issue in parsed.warnings] == ["/auc", "/m/1", "/m/2"]


def test_a_key_given_twice_is_reported_and_the_last_counts() -> None:
    parsed = parse(b'{"a": {"auc": 0.7, "auc": 0.8}}')
    assert parsed.tree == {"a": {"auc": 0.8}}
    assert [issue.pointer for issue in parsed.warnings] == ["/a/auc"]


def test_characters_that_cannot_be_stored_are_replaced_with_a_warning() -> None:
    parsed = parse(b'{"a": "x\\ud800y", "b\\u0000": "\\u0000"}')
    assert "\0" not in json.dumps(parsed.tree, ensure_ascii=False)
    json.dumps(parsed.tree, ensure_ascii=False).encode()
    assert len(parsed.warnings) == 3


@pytest.mark.parametrize(
    ("written", "line", "column", "hint"),
    [
        (b'{"a": 1,\n "b": }', 2, 7, "Expecting value"),
        (b'{"a": 1}\n{"a": 2}', 2, 1, "JSON Lines"),
        (b"{'a': 1}", 1, 2, "json.dump"),
        (b'{"a": None}', 1, 7, "null"),
        (b'{"a": 1, // note\n "b": 2}', 1, 10, "comments"),
        (b'{"a": [1, 2', 1, 12, "ends too early"),
        (b'{"a": "\xff"}', 1, 8, "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_with_line_and_column(written: bytes, line: int, column: int, hint: str) -> None:
    with pytest.raises(UnreadableFile, match=hint) as refused:
        parse(written)
    assert (refused.value.data["line"], refused.value.data["column"]) == (line, column)


def test_depth_is_capped_in_json_and_in_yaml() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    for deep in (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b"[" * 200_000, b"a: " + b"[" * 5000):
        with pytest.raises(TooDeep):
            parse(deep)


def test_the_number_of_values_is_capped() -> None:
    with pytest.raises(TooManyLeaves):
        parse(b"[" + b"1," * MAX_LEAVES + b"1]")


def test_numbers_with_thousands_of_digits_do_no_harm() -> None:
    parsed = parse(b'{"n": ' + b"9" * 100_000 + b"}")
    assert parsed.tree == {"n": None}
