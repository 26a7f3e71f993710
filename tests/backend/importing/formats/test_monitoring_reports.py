"""Reports of monitoring tools: figures of current and reference data stand apart, and neither drift nor estimates become the model's figures."""

import json
from typing import Any

import pytest

from backend.importing.preview import preview
from tests.backend.importing.formats.samples import FILES, look


def of(document: dict[str, Any], name: str, **tells: Any) -> list[float]:
    """The values of a metric's rows that have these fields."""
    return [one["value"] for one in document["metrics"] if one["name"] == name and all(one.get(key) == value for key, value in tells.items())]


def said(name: str) -> Any:
    return json.loads(FILES[name].read_bytes())


@pytest.mark.parametrize("name", ["evidently_report.drift", "nannyml_result.drift"])
def test_a_report_of_drift_alone_describes_no_model(name: str) -> None:
    found = preview(FILES[name].read_bytes(), FILES[name].name)
    assert found.document is None
    assert "no figures or features of a model" in found.questions[0]


def test_drift_beside_figures_stays_unmapped_and_so_does_what_a_test_expected() -> None:
    document, found = look("evidently_report")
    drift = [at for at, one in enumerate(said("evidently_report")["metrics"]) if "Drift" in one["config"]["type"]]
    assert len(drift) == 5
    assert not any(source.startswith(f"/metrics/{at}/") for at in drift for source in found.provenance.values())
    assert not any(source.startswith("/tests/") for source in found.provenance.values())
    assert {one["name"] for one in document["metrics"]} == {
        "accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "specificity", "false_positive_rate", "false_negative_rate",
    }  # fmt: skip


def test_a_figure_by_label_is_of_its_class() -> None:
    document, _ = look("evidently_report")
    by_label = next(one["value"] for one in said("evidently_report")["metrics"] if one["config"]["type"].endswith(":RecallByLabel"))
    assert {label: of(document, "recall", **{"class": label}) for label in "01"} == {label: [value] for label, value in by_label.items()}
    assert of(document, "recall", **{"class": None}) == [by_label["1"]]


def test_the_spread_of_single_errors_is_not_the_deviation_of_their_mean() -> None:
    document, found = look("evidently_report.regression")
    (mae,) = (one for one in document["metrics"] if one["name"] == "mae")
    assert "std" not in mae
    assert any(pointer.endswith("/value/std") for pointer in found.unmapped)
    assert document["task"]["type"] == "regression"
    mean_error = next(one["value"]["mean"] for one in said("evidently_report.regression")["metrics"] if one["config"]["type"].endswith(":MeanError"))
    assert of(document, "mean_error") == [mean_error], "it may be below zero, and is no mean absolute error"


def test_two_models_in_one_evidently_report_are_told_apart_by_the_task() -> None:
    report = said("evidently_report")
    other = json.loads(json.dumps(report["metrics"][0]).replace('"default"', '"churn"')) | {"value": 0.5}
    found = preview(json.dumps(report | {"metrics": [*report["metrics"], other]}).encode())
    assert found.document is not None
    assert found.contradictions == []
    assert of(found.document, "accuracy", on={"task": "churn"}) == [0.5]


@pytest.mark.parametrize(("name", "figure", "source"), [("", "accuracy", "accuracy"), (".regression", "mae", "mean_abs_error")])
def test_current_and_reference_of_an_older_report_are_slices(name: str, figure: str, source: str) -> None:
    document, found = look(f"evidently_legacy_report{name}")
    result = said(f"evidently_legacy_report{name}")["metrics"][0]["result"]
    assert [of(document, figure, slice=part) for part in ("current", "reference")] == [[result["current"][source]], [result["reference"][source]]]
    assert of(document, figure, slice=None) == []
    assert "features" not in document, "it counts every other column of the frame as one, such as a second column of predictions"
    assert "charts" not in document, "its matrices would no longer tell of which rows they are"
    assert not any("drift" in source for source in found.provenance.values())


@pytest.mark.parametrize("name", ["nannyml_result", "nannyml_result_columns"])
def test_a_performance_is_read_chunk_by_chunk_with_its_period(name: str) -> None:
    document, found = look(name)
    rows = said("nannyml_result")
    assert [(one["slice"], one["on"]["period"], one["value"]) for one in document["metrics"] if one["name"] == "roc_auc"] == [
        (row["chunk_key"], row["chunk_period"], row["roc_auc_value"]) for row in rows
    ]
    assert {row["chunk_key"] for row in rows if row["chunk_period"] == "analysis"} <= {row["chunk_key"] for row in rows if row["chunk_period"] == "reference"}
    assert found.contradictions == []
    assert not any("threshold" in source or "sampling_error" in source for source in found.provenance.values())


def test_an_estimate_is_no_figure_and_what_was_realized_is() -> None:
    document, found = look("nannyml_result.estimated")
    rows = said("nannyml_result.estimated")
    known = [row for row in rows if row["roc_auc_realized"] is not None]
    assert 0 < len(known) < len(rows)
    assert of(document, "roc_auc") == [row["roc_auc_realized"] for row in known]
    assert all(f"/{at}/roc_auc_value" in found.unmapped for at in range(len(rows)))


@pytest.mark.parametrize("name", ["great_expectations_validation", "great_expectations_checkpoint"])
def test_a_validation_gives_what_it_observed_of_columns_and_not_what_it_expected(name: str) -> None:
    document, found = look(name)
    features = {one["name"]: one["stats"] for one in document["features"]}
    assert features == {
        "income": {"mean": pytest.approx(2350.25), "std": pytest.approx(1010.96, abs=0.01), "missing_rate": 0.25},
        "age": {"min": 28, "max": 62, "median": 38.0},
    }
    assert "metrics" not in document, "a share of expectations that were met is no figure of a model"
    assert not any("min_value" in source or "max_value" in source or "success" in source for source in found.provenance.values())


def test_a_run_of_wandb_gives_its_settings_and_last_figures_but_no_counters() -> None:
    document, found = look("wandb_summary")
    assert [(one["name"], one["split"], one["value"], one.get("on")) for one in document["metrics"]] == [
        ("loss", "train", 0.3, None), ("roc_auc", "test", 0.81, None), ("roc_auc", "validation", 0.74, {"statistic": "max"}),
    ]  # fmt: skip
    assert set(found.unmapped) == {"/epoch", "/_step", "/_timestamp", "/_runtime", "/_wandb/runtime"}
    settings, _ = look("wandb_config")
    assert settings["training"] == {
        "hyperparameters": {"booster": {"layers": [1, 2], "type": "lightgbm"}, "learning_rate": 0.05, "num_leaves": 31, "seed": 7},
        "seed": 7,
    }


def test_a_session_of_clearml_gives_its_name_and_settings() -> None:
    task, _ = look("clearml_task")
    assert (task["name"], task["description"], task["training"]["hyperparameters"]["learning_rate"]) == ("lgbm-credit", "First try", "0.05")
