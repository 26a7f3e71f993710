import json
from typing import Any

import pytest

from backend.importing.contradictions.figures_agree import area_under
from backend.importing.preview import preview

MATRIX = {"tn": 50, "fp": 10, "fn": 5, "tp": 35}
FIGURES = {"accuracy": 0.85, "precision": 0.7778, "recall": 0.875, "f1": 0.8235}


def found(**tree: Any) -> list[str]:
    return [one.message for one in preview(json.dumps({"model_name": "m", **tree}).encode()).contradictions]


def test_figures_that_agree_raise_no_alarm_however_they_are_rounded() -> None:
    for digits in (2, 3, 4):
        assert found(**MATRIX, **{name: round(value, digits) for name, value in FIGURES.items()}) == []


@pytest.mark.parametrize(("name", "value"), [("accuracy", 0.9), ("precision", 0.7), ("recall", 0.8)])
def test_a_figure_that_the_confusion_matrix_does_not_make_is_shown_with_both_places(name: str, value: float) -> None:
    tree = {"model_name": "m", **MATRIX, **FIGURES, name: value}
    shown = preview(json.dumps(tree).encode()).contradictions
    assert any(name in one.message for one in shown)
    pointers = {claim.pointer for one in shown for claim in one.claims}
    assert {f"/{name}", "/tn"} <= pointers


def test_precision_and_recall_swapped_are_caught_by_the_matrix() -> None:
    messages = found(**MATRIX, **{**FIGURES, "precision": FIGURES["recall"], "recall": FIGURES["precision"]})
    assert any("swapped" in message for message in messages)


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    assert any("F1 is 0.9" in message for message in found(precision=0.7, recall=0.6, f1=0.9))
    assert found(precision=0.7, recall=0.6, f1=0.646) == []


def test_averages_over_classes_are_not_held_to_the_harmonic_mean() -> None:
    assert found(classes=["a", "b", "c"], precision=0.7, recall=0.6, f1=0.61) == []
    assert found(precision_macro=0.7, recall_macro=0.6, f1_macro=0.61) == []
    assert found(accuracy=0.8123, precision=0.79, recall=0.8123, f1=0.78) == []


def test_a_weighted_average_that_the_matrix_makes_is_no_contradiction() -> None:
    matrix = [[10, 0, 0], [1, 6, 1], [0, 2, 5]]
    assert found(confusion_matrix=matrix, accuracy=0.84, precision=0.837, recall=0.84) == []
    assert found(confusion_matrix=matrix, accuracy=0.91) != []


def test_figures_of_different_splits_are_not_compared() -> None:
    assert found(train={"precision": 0.99, "recall": 0.98}, test={"f1": 0.6}) == []
    assert found(test_gini=0.5, val_auc=0.9) == []


def test_gini_follows_from_auc() -> None:
    assert found(auc=0.8, gini=0.6) == []
    assert any("Gini" in message for message in found(auc=0.8, gini=0.7))


def test_auc_is_the_area_under_the_points() -> None:
    curve = {"fpr": [at / 100 for at in range(101)], "tpr": [(at / 100) ** 0.25 for at in range(101)]}
    assert found(roc_curve=curve, auc=0.8) == []
    assert any("area" in message for message in found(roc_curve=curve, auc=0.7))
    assert area_under([0, 1], [0, 1]) == (0.5, 1.0)


def test_a_fraction_beyond_one_is_probably_a_percentage_and_is_asked_about() -> None:
    shown = preview(b'{"model_name": "m", "accuracy": 97.3}')
    assert "percentage" in shown.contradictions[0].message
    assert shown.contradictions[0].claims[0].value == 97.3
    assert any("negative" not in message for message in found(metrics={"auc": -0.2}))
    assert found(mcc=-0.2) == []


def test_rows_of_splits_make_up_those_of_the_dataset() -> None:
    assert found(n_train=700, n_test=300, n_rows=1000) == []
    assert any("1,000 rows" in message for message in found(n_train=700, n_test=200, n_rows=1000))


def test_a_matrix_counts_the_rows_of_its_split() -> None:
    cells = {f"test_{name}": count for name, count in MATRIX.items()}
    assert found(**cells, n_test=100) == []
    assert any("counts 100" in message for message in found(**cells, n_test=120))
