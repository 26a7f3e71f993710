"""YAML and the front matter of model cards, read as JSON values."""

import pytest

from backend.importing.errors import UnreadableFile
from backend.importing.parse import parse


def test_yaml_is_read_as_json_values_and_dates_stay_text() -> None:
    parsed = parse(b"# a model\nname: x\ntrained: 2025-01-02\nmetrics:\n  - auc: 0.8\n    ok: true\n")
    assert parsed.tree == {"name": "x", "trained": "2025-01-02", "metrics": [{"auc": 0.8, "ok": True}]}


def test_the_front_matter_of_a_model_card_is_what_is_read() -> None:
    assert parse(b"---\nlicense: mit\n---\n\n# Title\n\n- a: b\n").tree == {"license": "mit"}


def test_aliases_are_written_out_and_merge_keys_merged() -> None:
    params = b"defaults: &defaults\n  seed: 7\n  rate: 0.05\ntrain:\n  <<: *defaults\n  rate: 0.1\nfolds: [*defaults, *defaults]\n"
    both = {"seed": 7, "rate": 0.05}
    assert parse(params).tree == {"defaults": both, "train": {"seed": 7, "rate": 0.1}, "folds": [both, both]}


def test_values_are_those_of_yaml_1_2() -> None:
    written = b"a: 1e-5\nb: no\nc: 1:30:00\nd: 12_000\ne: .inf\nf: ~\ng:\nh: 0o17\ni: -1.5E+3\nj: True\nk: 0x1f\nl: +3\n"
    parsed = parse(written)
    assert parsed.tree == {
        "a": 1e-5, "b": "no", "c": "1:30:00", "d": "12_000", "e": None, "f": None, "g": None, "h": "0o17", "i": -1500.0, "j": True, "k": "0x1f", "l": 3,
    }  # fmt: skip
    assert [one.pointer for one in parsed.warnings] == ["/e"]


def test_a_key_given_twice_is_reported_and_keys_stay_as_they_are_written() -> None:
    parsed = parse(b"a: 1\nb: {x: 1, x: 2}\nc: &c {y: 1}\nd: {<<: *c, y: 2}\na: 3\n1: q\n1.0: r\ntrue: s\n")
    assert parsed.tree == {"a": 3, "b": {"x": 2}, "c": {"y": 1}, "d": {"y": 2}, "1": "q", "1.0": "r", "true": "s"}
    assert [one.pointer for one in parsed.warnings] == ["/a", "/b/x"]


def test_a_number_of_too_many_digits_is_as_in_json() -> None:
    parsed = parse(b"a: 1234567890123456789012\nb: " + b"9" * 5000)
    assert parsed.tree == {"a": 1.2345678901234568e21, "b": None}


def grown(line: str, levels: int) -> bytes:
    """Each level repeats the one before ten times."""
    rows = (line.format(n=n, before=",".join([f"*a{n - 1}"] * 10)) for n in range(1, levels))
    return "\n".join(["a0: &a0 {x: 1}", *rows]).encode()


@pytest.mark.parametrize("line", ["a{n}: &a{n} [{before}]", "a{n}: &a{n} {{<<: [{before}], k{n}: 1}}"])
def test_aliases_that_grow_without_end_are_refused_before_anything_is_built(line: str) -> None:
    assert parse(grown(line, 4)).tree
    with pytest.raises(UnreadableFile, match="more than 200,000 values"):
        parse(grown(line, 60))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"a: &a [*a]\n", "without end"),
        (b"a: &a {b: {c: *a}}\n", "without end"),
        (b"a: *b\n", "Line 1, column 4: found undefined alias"),
        (b"a: {<<: 5}\n", "merging"),
        (b"a: !!python/object/apply:os.system ['true']\n", "Line 1, column 4"),
        (b"a: !!binary aaaa\n", "binary"),
        (b"k: 1\n? [a]\n: 2\n", "Line 2"),
        (b"a: !!bool 5\n", "does not fit the tag"),
        (b"a: [1\nb: 2\n", "Line 2"),
    ],
)
def test_yaml_that_runs_code_or_fits_no_json_is_refused(written: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        parse(written)


def test_a_chain_of_aliases_is_as_deep_as_it_is_written_out() -> None:
    chain = "\n".join(["a0: &a0 [1]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200))])
    with pytest.raises(UnreadableFile, match="nested deeper than 64"):
        parse(chain.encode())
