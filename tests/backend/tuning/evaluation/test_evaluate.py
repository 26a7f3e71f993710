"""The result of a training: figures against scikit-learn, hostile rows, the document by the repository's own schema."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sk

from backend.importing.validate import issues
from backend.tuning.child_protocol import Curve, Splitting, TrainingTask
from backend.tuning.evaluation.evaluate import Result, evaluate, write
from backend.tuning.evaluation.evaluated import Costs, Evaluated, JudgedRows
from backend.tuning.evaluation.threshold import CostRule, F1Rule, TargetRateRule, choose
from schemas.columns import Column
from schemas.model_document import Algorithm, ConfusionChart, Importance, LiftChart, Metric, RocChart

COLUMNS = [
    Column(name="debt", type="number"),
    Column(name="region", type="category", categories=["north", "south"]),
    Column(name="gender", type="category", role="protected"),
    Column(name="late", type="integer", role="target"),
]
N = 600


def task(objective: Any = "binary", **parameters: Any) -> TrainingTask:
    return TrainingTask(
        preset="regularised_glm", objective=objective, folder="/x", rows="/x/rows.parquet", data_hash="sha256:ab", columns=COLUMNS, parameters=parameters,
        splitting=Splitting(by="random"), seed=7, threads=1,
    )  # fmt: skip


def part(split: Any, target: Any, score: Any, seed: int = 0) -> JudgedRows:
    draw = np.random.default_rng(seed)
    count = len(target)
    matrix = np.column_stack([draw.normal(size=count), draw.integers(0, 2, count).astype(float)]) if count else np.empty((0, 2))
    gender = [None if at % 50 == 0 else "f" if at % 3 else "m" for at in range(count)]
    seconds = 1.7e9 + np.arange(count) * 86_400 / 4
    return JudgedRows(
        split=split, rows=np.arange(count), matrix=matrix, target=np.asarray(target, dtype=float), score=np.asarray(score, dtype=float),
        groups={"gender": gender}, seconds=seconds,
    )  # fmt: skip


def made(objective: Any, *parts: JudgedRows, **more: Any) -> Evaluated:
    classes = {"binary": ["0", "1"], "multiclass": ["a", "b", "c"]}.get(objective, [])
    usual: dict[str, Any] = {"task": task(objective), "parameters": {"alpha": 0.9}}
    return Evaluated(
        inputs=COLUMNS[:2], parts=parts, classes=classes, algorithm=Algorithm(family="linear"), costs=Costs(seconds=1.0, peak_memory_bytes=1 << 20),
        importance={"debt": [Importance(method="gain", value=2.0)]}, **(usual | more),
    )  # fmt: skip


def of_chance(seed: int, count: int = N) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    score = draw.uniform(0.02, 0.98, count)
    return (draw.uniform(size=count) < score).astype(float), score


def checked(result: Result) -> dict[str, Metric]:
    """The overall test figures, of a document that is sound by the repository's own schema and has no NaN."""
    document = msgspec.to_builtins(result.document)
    json.dumps(document, allow_nan=False)
    assert issues(document) == []
    return {one.name: one for one in result.document.metrics if (one.split, one.slice, one.cls, one.average) == ("test", None, None, None)}


def test_figures_of_probabilities_are_scikit_learns_on_test_rows() -> None:
    (fit, fitted), (tuned, tuning), (actual, score) = of_chance(1), of_chance(2), of_chance(3)
    curves = [Curve(metric="log_loss", split=split, step=at, value=1 / at) for split in ("train", "validation") for at in range(1, 500)]
    model = made("binary", part("train", fit, fitted), part("validation", tuned, tuning), part("test", actual, score), curves=curves)
    result = evaluate(model)
    found = checked(result)
    assert result.document.task is not None
    threshold = result.document.task.threshold
    assert threshold is not None
    said = score >= threshold
    expected = {
        "roc_auc": sk.roc_auc_score(actual, score), "pr_auc": sk.average_precision_score(actual, score), "brier": sk.brier_score_loss(actual, score),
        "log_loss": sk.log_loss(actual, score), "accuracy": sk.accuracy_score(actual, said), "precision": sk.precision_score(actual, said),
        "recall": sk.recall_score(actual, said), "f1": sk.f1_score(actual, said),
    }  # fmt: skip
    for name, value in expected.items():
        one = found[name]
        assert one.value == pytest.approx(value, abs=1e-12), name
        assert one.ci is not None
        assert one.ci.low <= value <= one.ci.high
        assert one.n is not None
    charts = {type(chart): chart for chart in result.document.charts}
    confusion = charts[ConfusionChart]
    assert isinstance(confusion, ConfusionChart)
    assert confusion.matrix == sk.confusion_matrix(actual, said).tolist()
    roc = charts[RocChart]
    assert isinstance(roc, RocChart)
    assert sk.auc(roc.fpr, roc.tpr) == pytest.approx(expected["roc_auc"], abs=0.01)
    lift = charts[LiftChart]
    assert isinstance(lift, LiftChart)
    assert (lift.gain[-1], lift.lift[-1], lift.share[-1]) == (1.0, 1.0, 1.0)
    assert {chart.kind for chart in map(Kind, result.document.charts)} >= {
        "roc",
        "pr",
        "lift",
        "calibration",
        "confusion_matrix",
        "importance",
        "learning_curve",
    }
    assert not [one for one in result.document.metrics if one.split == "train" and one.name != "roc_auc"]


class Kind:
    def __init__(self, chart: Any) -> None:
        self.kind = msgspec.to_builtins(chart)["kind"]


def test_groups_months_base_and_card_say_on_whom_they_are(tmp_path: Path) -> None:
    (fit, fitted), (actual, score) = of_chance(1), of_chance(3)
    worse = np.clip(score + np.random.default_rng(0).normal(0, 0.4, N), 0.01, 0.99)
    model = made("binary", part("train", fit, fitted), part("test", actual, score), base_score=worse, base_name="1.0.0")
    result = evaluate(model)
    checked(result)
    slices = {one.slice for one in result.document.metrics if one.slice}
    assert {"gender=f", "gender=m", "gender: m against f"} <= slices
    assert any(name.startswith("month=") for name in slices)
    assert any("'missing' are too few" in note for note in result.document.considerations)
    (gap,) = [one for one in result.document.metrics if one.name == "roc_auc_difference"]
    assert gap.value == pytest.approx(sk.roc_auc_score(actual, score) - sk.roc_auc_score(actual, worse), abs=1e-12)
    assert "which neither training nor tuning has seen" in result.card
    assert "roc_auc_difference" in result.card
    assert ": better" in result.card
    written = write(result, model, tmp_path)
    assert set(written) == {"document", "model_card", "profile", "background", "holdout"}
    table = pq.read_table(tmp_path / written["holdout"])
    assert table.column("score").to_pylist() == score.tolist()
    profile = json.loads((tmp_path / written["profile"]).read_text())
    assert (profile["rows"], profile["inputs"]["region"]["kind"], sum(profile["score"]["counts"])) == (N, "category", N)
    assert len(result.background) == 100


def test_numbers_are_judged_as_scikit_learn_judges_them() -> None:
    draw = np.random.default_rng(0)
    score = draw.uniform(1, 5, N)
    actual = draw.poisson(score).astype(float)
    found = checked(evaluate(made("poisson", part("train", actual, score), part("test", actual, score))))
    assert found["mae"].value == pytest.approx(sk.mean_absolute_error(actual, score))
    assert found["rmse"].value == pytest.approx(sk.root_mean_squared_error(actual, score))
    assert found["r2"].value == pytest.approx(sk.r2_score(actual, score))
    assert found["poisson_deviance"].value == pytest.approx(sk.mean_poisson_deviance(actual, score))
    found = checked(evaluate(made("quantile", part("train", actual, score), part("test", actual, score))))
    assert found["pinball_loss"].value == pytest.approx(sk.mean_pinball_loss(actual, score, alpha=0.9))
    assert found["coverage"].value == pytest.approx(np.mean(actual <= score))


def test_several_classes_are_judged_one_by_one() -> None:
    draw = np.random.default_rng(0)
    score = draw.dirichlet([1, 1, 1], N)
    actual = np.array([draw.choice(3, p=row) for row in score], dtype=float)
    result = evaluate(made("multiclass", part("train", actual, score), part("test", actual, score)))
    found = checked(result)
    assert found["log_loss"].value == pytest.approx(sk.log_loss(actual, score), rel=1e-9)
    (macro,) = [one for one in result.document.metrics if one.average == "macro"]
    assert macro.value == pytest.approx(sk.roc_auc_score(actual, score, multi_class="ovr"), abs=1e-12)


NAN = np.nan
HOSTILE: dict[str, tuple[Any, Any, Any, str]] = {
    "one class": ("binary", np.ones(60), np.linspace(0.1, 0.9, 60), "one class"),
    "one row": ("binary", [1], [0.3], "one class"),
    "no test rows": ("binary", [], [], "no test rows"),
    "no target at all": ("binary", [NAN] * 5, [0.5] * 5, "no test rows with a target"),
    "scores of 0 and 1": ("binary", [0, 1] * 30, [0.0, 1.0] * 30, ""),
    "a constant score": ("binary", [0, 1] * 30, [0.5] * 60, ""),
    "some scores not finite": ("binary", [0, 1] * 30, [0.4, NAN] + [0.3, 0.6] * 29, "1 test rows have no target or no score"),
    "a constant number": ("regression", np.full(40, 3.0), np.linspace(1, 2, 40), "constant"),
    "one number": ("quantile", [1.0], [2.0], "constant"),
    "huge numbers": ("regression", [1e300, -1e300, 0.0], [1.0, 2.0, 3.0], "squares are left out"),
    "counts of nothing": ("poisson", np.zeros(40), np.full(40, 1e-9), "constant"),
    "one of three classes": ("multiclass", np.zeros(9), np.tile([0.2, 0.3, 0.5], (9, 1)), "one class"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_rows_are_computed_or_say_why_not(case: str) -> None:
    objective, target, score, words = HOSTILE[case]
    model = made(objective, part("train", target, score), part("validation", target, score), part("test", target, score))
    result = evaluate(model)
    checked(result)
    assert words in " ".join(result.document.considerations)
    msgspec.json.decode(msgspec.json.encode(result.profile), type=type(result.profile)) if result.profile else None
    assert result.card.startswith("# ")


def test_a_column_that_is_all_missing_has_a_profile_and_no_background() -> None:
    whole = part("train", *of_chance(1))
    whole.matrix[:, 0] = np.nan
    result = evaluate(made("binary", whole, part("test", *of_chance(2))))
    checked(result)
    assert result.background == []
    assert result.document.features[0].stats is not None
    assert (result.document.features[0].stats.missing_rate, result.document.features[0].stats.mean) == (1.0, None)
    assert len(evaluate(made("binary", whole, part("test", *of_chance(2))), frozenset({"debt"})).background) == 100


@pytest.mark.parametrize("seed", range(3))
def test_a_threshold_is_the_best_of_all_by_its_rule(seed: int) -> None:
    actual, score = of_chance(seed, 60)
    score = np.round(score, 1)
    candidates = np.append(np.unique(score), 2.0)

    def cost(at: float) -> float:
        return float(5 * ((score < at) & (actual == 1)).sum() + 2 * ((score >= at) & (actual == 0)).sum())

    assert cost(choose(CostRule(false_positive=2, false_negative=5), actual, score).value) == min(map(cost, candidates))
    best = max(sk.f1_score(actual, score >= at, zero_division=0) for at in candidates)
    assert sk.f1_score(actual, score >= choose(F1Rule(), actual, score).value) == pytest.approx(best)
    rate = min(abs(np.mean(score >= at) - 0.3) for at in candidates)
    assert abs(np.mean(score >= choose(TargetRateRule(rate=0.3), actual, score).value) - 0.3) == pytest.approx(rate)


def test_a_threshold_without_classes_says_so() -> None:
    assert "one class" in choose(F1Rule(), np.ones(4), np.ones(4)).words
    assert "no validation rows" in choose(F1Rule(), np.empty(0), np.empty(0)).words


def test_times_that_are_none_are_in_no_month() -> None:
    actual, score = of_chance(3)
    timed = part("test", actual, score)
    assert timed.seconds is not None
    timed.seconds[:3] = [1e300, -1e18, np.nan]
    result = evaluate(made("binary", part("train", actual, score), timed))
    checked(result)
    months = [one for one in result.document.metrics if one.slice and one.slice.startswith("month=") and one.name == "prevalence"]
    assert [one.slice for one in months][:2] == ["month=2023-11", "month=2023-12"]
