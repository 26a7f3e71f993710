"""Kinds of values that were once put in a wrong place: each is left alone or goes to its right one."""

import json
from typing import Any

import pytest

from backend.importing.errors import UnsoundMapping
from backend.importing.llm.check_rules import judge
from backend.importing.preview import preview
from backend.importing.rules import decoded
from backend.importing.speech import Speech
from backend.importing.vocabulary import metric_key
from tests.backend.importing.invariants import hold


def look(document: Any) -> dict[str, Any]:
    found = preview(json.dumps(document).encode(), "file.json")
    hold(found, document)
    assert found.document is not None
    return found.document


def figures(document: Any) -> dict[tuple[str, str | None], float]:
    return {(one["name"], one.get("split")): one["value"] for one in look(document).get("metrics", [])}


MODEL = {"model_name": "m", "algorithm": "XGBoost"}


@pytest.mark.parametrize(("key", "name"), [("sMAPE", "smape"), ("wMAPE", "wape"), ("nDCG", "ndcg"), ("test_sMAPE", "smape"), ("Testgenauigkeit", "accuracy")])
def test_a_metric_is_known_whatever_its_capitals(key: str, name: str) -> None:
    found = metric_key(key)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("said", ["March 2026 campaign", "Campaign 2026", "2026 edition", "312 MB", "24 months", "18 features", "5 folds"])
def test_a_year_a_size_or_a_span_of_time_is_no_number_of_rows(said: str) -> None:
    document = look({**MODEL, "auc": 0.8, "Test Set": said, "Training Size": said, "training_data": {"size": said}})
    assert "split_rows" not in document.get("training", {})
    assert "rows" not in document.get("training", {}).get("dataset", {})


@pytest.mark.parametrize(
    ("said", "rows"), [("12,500 customers", 12500), ("about 12,500", 12500), ("n = 900", 900), ("2000 rows", 2000), ("184.220", 184220), ("98 412", 98412)]
)
def test_a_number_of_rows_may_have_words_around_it(said: str, rows: int) -> None:
    assert look({**MODEL, "auc": 0.8, "Training Size": said})["training"]["split_rows"] == {"train": rows}


def test_shares_of_a_hundred_are_no_rows() -> None:
    assert "training" not in look({**MODEL, "auc": 0.8, "split": {"train": 70, "validation": 15, "test": 15}})
    assert look({**MODEL, "auc": 0.8, "data": {"train": 700, "test": 150}})["training"]["split_rows"] == {"train": 700, "test": 150}


def test_years_of_splits_are_no_rows() -> None:
    assert "training" not in look({**MODEL, "auc": 0.8, "data": {"train": 2022, "test": 2023}})
    assert look({**MODEL, "auc": 0.8, "rows": {"train": 2022, "test": 2023}})["training"]["split_rows"] == {"train": 2022, "test": 2023}
    assert look({**MODEL, "auc": 0.8, "data": {"train": 2022, "test": 505}})["training"]["split_rows"] == {"train": 2022, "test": 505}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("0.84 (test)", {("roc_auc", "test"): 0.84}),
        ("0.84 on the validation set", {("roc_auc", "validation"): 0.84}),
        ("0.84 (strong)", {("roc_auc", None): 0.84}),
        ("0.84 (target)", {}),
        ("0.84 (previous model)", {}),
        ("84 % (holdout)", {("roc_auc", "holdout"): 0.84}),
    ],
)
def test_the_words_beside_a_figure_say_its_split_or_that_it_is_none(said: str, wanted: dict[tuple[str, str | None], float]) -> None:
    assert figures({**MODEL, "AUC": said}) == wanted
    assert figures({**MODEL, "metrics": {"AUC": said}}) == wanted


def test_what_stands_beside_a_figure_is_no_figure_of_that_name() -> None:
    part = {"current": 0.73, "reference": 0.76, "delta": -0.03, "status": "amber"}
    assert figures({**MODEL, "performance": {"auc": part, "brier": part, "f1": 0.5}}) == {("f1", None): 0.5}


def test_the_loss_of_a_search_is_no_loss_of_the_model() -> None:
    assert figures({**MODEL, "best_loss": 0.19, "metric": "roc_auc"}) == {}
    assert figures({**MODEL, "best_loss": 0.19}) == {("loss", None): 0.19}


def test_rows_in_a_report_of_an_evaluation_are_not_those_of_the_training() -> None:
    assert "training" not in look({**MODEL, "auc": 0.8, "evaluated_on": "2026-09-30", "sample_size": 4000, "sample": {"n_obs": 4000}})
    assert look({**MODEL, "auc": 0.8, "sample_size": 4000})["training"]["dataset"]["rows"] == 4000


def test_a_file_whose_map_stands_alone_in_a_list_is_read_as_that_map() -> None:
    """Its parts were once looked at with numbers for names, and the file was answered with an error of Python's."""
    for document in (
        {"champion_model": {"type": "XGBoost", "metrics": {"r2": 0.5}}, "version": "2"},
        {**MODEL, "evaluated_on": "2026-09-30", "sample_size": 40},
    ):
        assert look([document]) == look(document)


def test_a_remark_is_no_setting() -> None:
    document = look({**MODEL, "auc": 0.8, "criterion": "the best F0.5 at an alert budget of 400 a day", "max_depth": 3})
    assert document["training"]["hyperparameters"] == {"max_depth": 3}


def test_a_deviation_joins_its_figure_whatever_the_file_calls_it() -> None:
    (found,) = look({**MODEL, "mean": {"ap": 0.31}, "std": {"ap": 0.01}})["metrics"]
    assert (found["name"], found["value"], found["std"]) == ("pr_auc", 0.31, 0.01)


def test_a_library_with_its_version_is_known_where_it_is_the_only_one_that_trains() -> None:
    assert look({**MODEL, "auc": 0.8, "sklearn": "1.5.2"})["algorithm"] == {"name": "XGBoost", "framework": "scikit-learn", "framework_version": "1.5.2"}
    assert look({**MODEL, "auc": 0.8, "sklearn": "1.5.2", "lightgbm": "4.5.0"})["algorithm"] == {"name": "XGBoost"}


def test_a_key_with_a_control_character_names_no_metric() -> None:
    assert figures({**MODEL, "metrics": {"auc": 0.8, "r\x7fc_score": 0.7}}) == {("roc_auc", None): 0.8}


def test_two_equal_parts_are_asked_about_until_they_are_mapped() -> None:
    document = {**MODEL, "north": {"auc": 0.8, "ks": 0.4}, "south": {"auc": 0.7, "ks": 0.3}}
    found = preview(json.dumps(document).encode(), "file.json")
    assert any(question.startswith("The parts /north, /south give the same figures") for question in found.questions)
    rule = {"kind": "rows", "source": "/north/auc", "target": "/metrics/*", "parts": [{"target": "name", "const": "roc_auc"}, {"target": "value"}]}
    mapped = preview(json.dumps(document).encode(), "file.json", remembered=lambda _: decoded([*found.mapping, rule]))
    assert not any(question.startswith("The parts") for question in mapped.questions)
    for clear in ({"train": document["north"], "test": document["south"]}, {"segments": {"north": document["north"], "south": document["south"]}}):
        assert preview(json.dumps({**MODEL, **clear}).encode(), "file.json").questions == []


def test_a_person_types_the_name_of_a_metric_of_their_own_and_a_language_model_does_not() -> None:
    document = {**MODEL, "auc": 0.8, "gain": {"per_case": 3.2}}
    parts = [{"target": "name", "const": "profit per case"}, {"target": "value"}]
    rule = {"kind": "rows", "source": "/gain/per_case", "target": "/metrics/*", "parts": parts}
    found = preview(json.dumps(document).encode(), "file.json", remembered=lambda _: decoded([rule]))
    assert found.document is not None
    assert found.document["metrics"] == [{"name": "profit per case", "value": 3.2}]
    for wrong in ("0.99", "", "x" * 300):
        with pytest.raises(UnsoundMapping):
            decoded([{**rule, "parts": [{"target": "name", "const": wrong}, {"target": "value"}]}])
    asked = {"transform": None, "const": None, "words": None}
    said = [{"source": None, "key": None, **asked, **part} for part in parts]
    judged = judge({"rules": [{**asked, **rule, "parts": [{**part, "words": None} for part in said]}]}, document, [], Speech())
    assert judged.accepted == []
    assert "one of the hub's metrics" in judged.refused[0].reason
