"""Shapes of files in public repositories. Half of them are held back: the rules were written on the other half."""

import json
from typing import Any

import pytest

from tests.backend.importing.gathered import cases, details, looked_at, measured
from tests.backend.importing.invariants import hold

HALVES = ("seen", "held", "second", "third", "tongues")
CASES = {f"{half}: {case['name']}": case for half in HALVES for case in cases(half)}


@pytest.mark.parametrize("name", CASES)
def test_nothing_wrong_is_said_of_a_gathered_file(name: str) -> None:
    _, _, wrong = details(CASES[name])
    assert wrong == []
    hold(looked_at(CASES[name]), CASES[name]["document"])


@pytest.mark.parametrize("half", HALVES)
def test_nearly_all_that_gathered_files_say_finds_its_place_and_each_is_known_for_what_it_is(half: str) -> None:
    found = measured(half)
    assert found.recall >= 0.92
    assert found.kinds >= 0.95 * found.files


MORE: list[tuple[str, Any, list[str] | None]] = [
    ("tasks", {"metrics": {"churn": {"roc_auc": 0.8}, "spend": {"mae": 4.1}}}, ["churn", "spend"]),
    ("segments are no models", {"model": "m", "algorithm": "XGBoost", "segments": {"north": {"roc_auc": 0.8}, "south": {"roc_auc": 0.7}}}, None),
    ("splits are no models", {"model_name": "m", "metrics": {"train": {"roc_auc": 0.9}, "test": {"roc_auc": 0.8}}}, None),
    ("groups of figures are no models", {"model_name": "m", "discrimination": {"roc_auc": 0.9}, "calibration": {"brier": 0.1}}, None),
    (
        "classes are no models",
        {"classes": ["cat", "dog"], "accuracy": 0.9, "cat_recall": 0.8, "cat_precision": 0.7, "dog_recall": 0.6, "dog_precision": 0.9},
        None,
    ),
    ("groups of people are no models", {"model_name": "m", "male_auc": 0.8, "male_ks": 0.4, "female_auc": 0.79, "female_ks": 0.39}, None),
    ("an ensemble beside its components", {"stacking": {"base_models": {"rf": {"auc": 0.7}, "xgb": {"auc": 0.75}}}, "final_metrics": {"auc": 0.8}}, None),
]


@pytest.mark.parametrize(("name", "document", "several"), MORE, ids=[one[0] for one in MORE])
def test_what_is_a_model_of_its_own(name: str, document: Any, several: list[str] | None) -> None:
    found = looked_at({"document": document, "several": None})
    assert found.several_models == several
    hold(found, document)
    if several is None and found.document is not None:
        assert found.contradictions == [], json.dumps(found.document)
