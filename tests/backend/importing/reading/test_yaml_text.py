"""YAML and the front matter of model cards, read as JSON values."""

import pytest

from backend.importing.errors import UnreadableFile
from backend.importing.parse import parse


def test_yaml_is_read_as_json_values_and_dates_stay_text() -> None:
    parsed = parse(b"# a model\nname: x\ntrained: 2025-01-02\nmetrics:\n  - auc: 0.8\n    ok: true\n")
    assert parsed.tree == {"name": "x", "trained": "2025-01-02", "metrics": [{"auc": 0.8, "ok": True}]}


def test_the_front_matter_of_a_model_card_is_what_is_read() -> None:
    assert parse(b"---\nlicense: mit\n---\n\n# Title\n\n- a: b\n").tree == {"license": "mit"}


def test_yaml_that_blows_up_or_runs_code_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="aliases"):
        parse(b"a: &a [x, x]\nb: [*a, *a]\n")
    with pytest.raises(UnreadableFile):
        parse(b"a: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(UnreadableFile, match="Line 2"):
        parse(b"a: [1\nb: 2\n")
