"""Files that people reported, each with what is right; and the kinds that they stand for."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.importing.draft_state import DraftState, preview_of
from backend.importing.preview import preview, read
from backend.importing.rules import decoded
from schemas.importing import Decision, ImportPreview
from schemas.mapping import MappedBy
from tests.backend.importing.invariants import hold

REPORTED = Path(__file__).parent / "fixtures/reported"


def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPORTED / f"{name}.json").read_text())
    return found


def look(document: Any) -> ImportPreview:
    return preview(json.dumps(document).encode(), "file.json")


def figures(found: ImportPreview) -> dict[str, Any]:
    assert found.document is not None
    return {one["name"]: one["value"] for one in found.document.get("metrics", [])}


@pytest.mark.parametrize("one", case("decimal_comma")["cases"], ids=lambda one: one["document"]["model_name"])
def test_a_decimal_comma_is_read_and_what_may_be_either_is_asked(one: dict[str, Any]) -> None:
    found = look(one["document"])
    asked = {claim.pointer for conflict in found.contradictions for claim in conflict.claims}
    for name, value in one["expected"].items():
        if value is None:
            assert any(pointer.endswith(name) for pointer in asked)
        else:
            assert figures(found)[name] == value
    hold(found, one["document"])


@pytest.mark.parametrize("one", case("model_index_configs")["cases"], ids=["configs", "labels"])
def test_results_told_apart_by_config_or_name_are_no_contradiction(one: dict[str, Any]) -> None:
    found = preview(one["file"].encode(), "README.md")
    assert found.contradictions == []
    assert found.document is not None
    rows = found.document["metrics"]
    assert len(rows) == len(one["expected"])
    for name, value, teller in one["expected"]:
        assert any((row["name"], row["value"]) == (name, value) and teller in (row.get("slice"), row.get("label")) for row in rows)


def test_results_of_one_dataset_in_two_revisions_or_for_two_tasks_are_no_contradiction() -> None:
    results = [
        {"task": {"type": task}, "dataset": {"name": "d", "type": "d", "revision": revision}, "metrics": [{"type": "accuracy", "value": value}]}
        for task, revision, value in (("a", "r1", 0.9), ("a", "r2", 0.8), ("b", "r1", 0.7))
    ]
    found = look({"model-index": [{"name": "m", "results": results}]})
    assert found.contradictions == []
    assert found.document is not None
    assert [row["value"] for row in found.document["metrics"]] == [0.9, 0.8, 0.7]


def test_pr_auc_and_average_precision_are_two_figures() -> None:
    found = look({"model_name": "m", "metrics": {"pr_auc": 0.61, "average_precision": 0.6}})
    assert found.contradictions == []
    assert found.document is not None
    assert [(row["name"], row["value"], row.get("label")) for row in found.document["metrics"]] == [
        ("pr_auc", 0.61, None),
        ("pr_auc", 0.6, "average_precision"),
    ]


def test_an_exported_mlflow_run_has_its_name_and_the_figures_of_the_last_step() -> None:
    file = case("mlflow_exported_run")["file"]
    found = look(file)
    assert found.document is not None
    assert found.document["name"] == "lgbm-credit"
    last = {name: max(steps, key=lambda one: (one["step"], one["timestamp"]))["value"] for name, steps in file["mlflow"]["metrics"].items()}
    assert [(row["name"], row["split"], row["value"]) for row in found.document["metrics"]] == [
        ("roc_auc", "validation", last["val_auc"]),
        ("log_loss", "validation", last["val_logloss"]),
        ("accuracy", "test", last["test_accuracy"]),
    ]
    assert found.document["training"]["hyperparameters"] == {"num_leaves": "31", "learning_rate": "0.05"}
    hold(found, file)


def by_rules(document: Any, rules: list[dict[str, Any]], *decisions: Decision) -> ImportPreview:
    content = json.dumps(document).encode()
    state = DraftState(size_bytes=len(content), mapped_by=MappedBy.PERSON, rules=decoded(rules), format=None, decisions=list(decisions))
    return preview_of(state, read(content), "file.json")


PERCENT = [
    {
        "kind": "rows",
        "source": "/results/*",
        "target": "/metrics/*",
        "parts": [{"target": "name", "source": "m", "transform": "metric"}, {"target": "value", "source": "v", "transform": "percent"}],
    }
]


def test_per_cent_acts_on_values_with_its_mark_row_by_row_and_asks_about_the_others() -> None:
    document = {"results": [{"m": "accuracy", "v": "91 %"}, {"m": "roc_auc", "v": "0.91"}, {"m": "f1", "v": 0.9}, {"m": "recall", "v": 83.1, "unit": "%"}]}
    found = by_rules(document, PERCENT)
    assert figures(found) == {"accuracy": 0.91, "recall": 0.831}
    assert [[claim.value for claim in one.claims] for one in found.contradictions] == [[0.91, 0.0091], [0.9, 0.009]]
    assert [choice.label for choice in found.contradictions[0].choices] == ["use 0.91", "use 0.0091", "use neither"]
    settled = by_rules(document, PERCENT, *(one.choices[at].decisions[0] for at, one in enumerate(found.contradictions)))
    assert settled.contradictions == []
    assert figures(settled) == {"accuracy": 0.91, "roc_auc": 0.91, "f1": 0.009, "recall": 0.831}


def test_a_fraction_under_a_key_that_says_per_cent_is_asked_about() -> None:
    found = look({"model_name": "m", "metrics": {"accuracy_pct": 0.91, "recall_pct": 83.1}})
    assert figures(found) == {"recall": 0.831}
    assert [one.unclear for one in found.contradictions] == [True]


def test_each_reading_of_an_unclear_number_can_be_chosen() -> None:
    document = {"model_name": "m", "task": "regression", "metrics": {"mae": "1,912", "r2": 0.9}}
    found = look(document)
    rules = [dict(rule) for rule in found.mapping]
    for choice, value in zip(found.contradictions[0].choices, (1912, 1.912, None), strict=True):
        after = by_rules(document, rules, *choice.decisions)
        assert figures(after).get("mae") == value
        assert after.contradictions == []


def test_a_point_before_three_digits_is_asked_about_where_the_file_has_decimal_commas() -> None:
    assert figures(look({"model_name": "m", "metrics": {"rmse": "1.234", "r2": "0.9"}}))["rmse"] == 1.234
    found = look({"model_name": "m", "metrics": {"rmse": "1.234", "r2": "0,9"}})
    assert figures(found) == {"r2": 0.9}
    assert [claim.value for claim in found.contradictions[0].claims] == [1234, 1.234]


BOUNDS = [("r2", 1.2), ("mcc", -1.4), ("gini", 1.5), ("rmse", -3.0), ("roc_auc", 97.3), ("log_loss", -0.2), ("adjusted_r2", 94)]


@pytest.mark.parametrize(("name", "value"), BOUNDS)
def test_figures_out_of_their_bounds_are_asked_about(name: str, value: float) -> None:
    found = look({"model_name": "m", "metrics": {"accuracy": 0.8, name: value}})
    assert any(one.target.endswith("/value") for one in found.contradictions) or name not in figures(found)


def test_a_percentage_can_be_settled_by_its_choice() -> None:
    document = {"model_name": "m", "metrics": {"accuracy": 97.3}}
    found = look(document)
    (conflict,) = found.contradictions
    assert conflict.choices[0].label == "use 0.973 (it is per cent)"
    assert figures(by_rules(document, found.mapping, *conflict.choices[0].decisions)) == {"accuracy": 0.973}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2025-01-14T08:15:30Z", "2025-01-14T08:15:30Z"),
        ("20250114_081530", "2025-01-14T08:15:30"),
        ("20250114", "2025-01-14"),
        ("2025-10-17@09:26:07", "2025-10-17T09:26:07"),
        ("2025-13-45", None),
        ("2025-02-30", None),
        ("2025-01-14T25:00:00", None),
        ("99999999", None),
    ],
)
def test_dates_are_of_the_calendar(written: str, kept: str | None) -> None:
    found = look({"model_name": "m", "algorithm": "LightGBM", "trained_at": written})
    assert found.document is not None
    assert found.document.get("training", {}).get("finished_at") == kept
    assert ("/trained_at" in found.unmapped) == (kept is None)


def test_a_feature_may_have_a_description() -> None:
    document = {"model_name": "m", "algorithm": "XGBoost", "features": [{"name": "age", "description": "in years", "unit": "a"}]}
    found = look(document)
    assert found.document is not None
    assert found.document["features"][0]["description"] == "in years"
    hold(found, document)
