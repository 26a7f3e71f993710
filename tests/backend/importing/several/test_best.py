"""Of several models the best is offered first, with the figures by which it can be told."""

import json
from typing import Any

import pytest

from backend.importing.preview import preview

MODELS = {"lr": {"roc_auc": 0.78, "f1": 0.5}, "rf": {"roc_auc": 0.81, "f1": 0.52}, "xgb": {"roc_auc": 0.84, "f1": 0.55}}
BEST: list[tuple[str, dict[str, Any], str | None]] = [
    ("by name", {"models": MODELS, "best_model": "XGB"}, "/best_model"),
    ("by name in a part", {"models": MODELS, "best": {"model": "xgb", "reason": "highest AUC"}}, "/best"),
    ("by name in a summary", {"models": MODELS, "summary": {"selected_model": "xgb"}}, "/summary/selected_model"),
    ("by equal figures", {"models": MODELS, "best_metrics": {"roc_auc": 0.84, "f1": 0.55}}, "/best_metrics"),
    ("by an equal figure", {"models": MODELS, "best_auc": 0.84}, "/best_auc"),
    ("by an equal score", {"models": MODELS, "best_score": 0.84}, "/best_score"),
    ("rows", {"leaderboard": [{"model": name, **row} for name, row in MODELS.items()], "winner": "xgb"}, "/winner"),
    ("prefixes", {f"{name}_auc": row["roc_auc"] for name, row in MODELS.items()} | {"best_auc": 0.84}, "/best_auc"),
    ("columns", {"columns": ["model", "auc"], "data": [[name, row["roc_auc"]] for name, row in MODELS.items()], "best_model": "xgb"}, "/best_model"),
    ("an equal figure of two", {"models": {**MODELS, "gbm": {"roc_auc": 0.84}}, "best_auc": 0.84}, None),
    ("none is said", {"models": MODELS}, None),
]


@pytest.mark.parametrize(("name", "document", "why"), BEST, ids=[one[0] for one in BEST])
def test_the_best_is_offered_first_with_its_figures(name: str, document: Any, why: str | None) -> None:
    found = preview(json.dumps(document).encode(), "f.json")
    assert [one.name for one in found.candidates] == found.several_models
    first = found.candidates[0]
    assert first.best_by == why
    assert all(one.best_by is None for one in found.candidates[1:])
    assert {"lr": 0.78, "xgb": 0.84}[first.name] == first.figures["roc_auc"]
    assert (first.name == "xgb") == (why is not None)
    if why:
        assert f"xgb: roc_auc 0.84{', f1 0.55' if 'f1' in first.figures else ''}, the best by {why}" in found.questions[0]


def test_figures_are_told_by_their_split() -> None:
    models = {"rf": {"train": {"auc": 0.9}, "test": {"auc": "0,81"}}, "xgb": {"train": {"auc": 0.95}, "test": {"auc": 0.8}}}
    found = preview(json.dumps({"models": models}).encode(), "f.json")
    assert found.candidates[0].figures == {"train roc_auc": 0.9, "test roc_auc": 0.81}


SETTINGS: list[tuple[str, dict[str, Any], dict[str, dict[str, Any]]]] = [
    ("of all", {"hyperparameters": {"eta": 0.1}}, {"rf": {"eta": 0.1}, "xgb": {"eta": 0.1}}),
    ("by name", {"hyperparameters": {"rf": {"trees": 9}, "xgb": {"eta": 0.1}}}, {"rf": {"trees": 9}, "xgb": {"eta": 0.1}}),
    ("of one by its heading", {"rf_params": {"trees": 9}, "xgb_params": {"eta": 0.1}}, {"rf": {"trees": 9}, "xgb": {"eta": 0.1}}),
    ("of the best", {"best_params": {"eta": 0.1}, "best_model": "xgb"}, {"rf": {}, "xgb": {"eta": 0.1}}),
    ("of a best that nobody names", {"best_params": {"eta": 0.1}}, {"rf": {}, "xgb": {}}),
]


@pytest.mark.parametrize(("name", "settings", "wanted"), SETTINGS, ids=[one[0] for one in SETTINGS])
def test_settings_of_all_go_to_each_and_those_of_one_to_that_one_alone(name: str, settings: Any, wanted: dict[str, Any]) -> None:
    shared = {"framework": "scikit-learn", "task": "binary classification", "target": "left"}
    document = {**shared, **settings, "models": {"rf": {"auc": 0.81}, "xgb": {"auc": 0.84}}}
    for pick, own in wanted.items():
        found = preview(json.dumps(document).encode(), "f.json", pick)
        assert found.document is not None
        assert found.document.get("training", {}).get("hyperparameters", {}) == own
        assert found.document["algorithm"]["framework"] == "scikit-learn"
        assert found.document["task"] == {"type": "binary_classification", "target": "left"}
