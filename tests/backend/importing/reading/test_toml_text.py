"""TOML read as JSON values."""

import json

import pytest

from backend.importing.errors import FileTooLarge, UnreadableFile
from backend.importing.parse import parse
from backend.importing.preview import preview


def test_toml_is_read_as_json_values_and_dates_stay_text() -> None:
    train = b"# parameters\n[train]\nmax_depth = 4\nrate = 1e-3\nwhen = 2026-11-01\nat = 2026-11-01T10:00:00Z\nbig = inf\nlong = 12345678901234567890\n"
    written = train + b"[[folds]]\nrows = [1, 2]\n"
    parsed = parse(written)
    assert parsed.tree == {
        "train": {"max_depth": 4, "rate": 0.001, "when": "2026-11-01", "at": "2026-11-01T10:00:00+00:00", "big": None, "long": 1.2345678901234567e19},
        "folds": [{"rows": [1, 2]}],
    }
    assert [one.pointer for one in parsed.warnings] == ["/train/big"]


@pytest.mark.parametrize("written", [b"a = [1, 2]\nb = [1, 2]\n", b"a.b = 1\n", b'"a b" = 1\n', b"[x]\n[y]\nz = 1\n"])
def test_toml_is_told_from_json_yaml_and_tables(written: bytes) -> None:
    assert isinstance(parse(written).tree, dict)


@pytest.mark.parametrize("written", [b"[1]", b'["a"]', b"[]", b'[{"a": "b = c"}]', b"[\n 1\n]"])
def test_a_json_list_is_no_table(written: bytes) -> None:
    assert isinstance(parse(written).tree, list)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"a = 1\na = 2\n", "Line 2, column 6: Cannot overwrite a value"),
        (b"a = 'x\n", "Line 2, column 1"),
        (b"a = " + b"[" * 3000 + b"]" * 3000, "nested deeper"),
        (b"b = 1\n[" + b"a." * 5000 + b"c]\nd = 1\n", "nested deeper"),
        (b"b = 1\n" + b"a." * 5000 + b"c = 1\n", "nested deeper"),
        (b"a = " + b"9" * 5000, "too many digits"),
        (b"x = train(5)\n", "looks like TOML"),
    ],
)
def test_toml_that_cannot_be_read_says_where(written: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        parse(written)


def test_long_toml_is_refused_before_it_is_read() -> None:
    with pytest.raises(FileTooLarge, match="TOML"):
        parse(b"a = 1\n" + b"".join(b"[a%d]\n" % at for at in range(20_000)))


def test_parameters_in_toml_are_the_models_settings() -> None:
    found = preview(b'model_name = "credit"\nalgorithm = "LightGBM"\n[hyperparameters]\nnum_leaves = 31\n[metrics]\ntest_auc = 0.81\n', "params.toml")
    assert found.document is not None
    assert found.document["training"]["hyperparameters"] == {"num_leaves": 31}
    assert found.document["metrics"] == [{"name": "roc_auc", "value": 0.81, "split": "test"}]


PARAMS = {
    "yaml": "defaults: &defaults\n  seed: 7\n  learning_rate: 5e-2\ntrain:\n  <<: *defaults\n  num_leaves: 31\nsplit:\n  test_size: 0.2\n",
    "toml": "[train]\nseed = 7\nlearning_rate = 5e-2\nnum_leaves = 31\n[split]\ntest_size = 0.2\n",
    "json": '{"train": {"seed": 7, "learning_rate": 5e-2, "num_leaves": 31}, "split": {"test_size": 0.2}}',
}


@pytest.mark.parametrize("ending", PARAMS)
def test_a_file_of_parameters_alone_is_part_of_a_model(ending: str) -> None:
    found = preview(PARAMS[ending].encode(), f"params.{ending}")
    assert found.document is not None
    assert found.document["training"] == {"hyperparameters": {"seed": 7, "learning_rate": 0.05, "num_leaves": 31}, "seed": 7}
    assert "/split/test_size" in found.unmapped
    assert found.questions == ["The file tells part of a model only: neither an algorithm nor figures. Go on with it, or bring the file that has them."]


@pytest.mark.parametrize(
    "document",
    [
        {"train": {"num_leaves": [15, 31], "learning_rate": [0.1, 0.2]}},  # what a search may try
        {"train": {"station": "north", "platform": 4}},
        {"server": {"learning_rate": 0.1, "epochs": 3}},
        {"train": {"learning_rate": 0.1}},
    ],
)
def test_settings_of_something_else_are_no_model(document: dict[str, object]) -> None:
    assert preview(json.dumps(document).encode()).document is None
