"""Linear presets from rows to a served version."""

import json
from typing import Any

import msgspec
import numpy as np
import pytest

from backend.groups import service as groups
from backend.hub import Hub
from backend.importing.validate import issues
from backend.runtimes.served_versions import Runtimes, facts_of
from backend.tuning.child_protocol import Curve, Event, Splitting, TrainingTask
from backend.tuning.evaluation.evaluate import Result, evaluate
from backend.tuning.presets.linear_training import LinearResult, train_linear
from backend.tuning.presets.rows import SplitRows, UnfitTask
from schemas.columns import Column
from schemas.groups import CreateGroup, MemberRole, MemberSpec
from schemas.inference import PredictBody
from tests.backend.catalog.test_versions import new_version, upload
from tests.support.predictions import ask
from tests.support.tenants import Tenant

INPUTS = [Column(name="debt", type="number"), Column(name="income", type="number"), Column(name="region", type="category", categories=["n", "s", "w"])]
COLUMNS = [*INPUTS, Column(name="gender", type="category", role="protected"), Column(name="late", type="integer", role="target")]
SIZES = {"train": 900, "validation": 300, "test": 300}


def rows_of(split: Any, objective: str = "binary", count: int | None = None) -> SplitRows:
    draw = np.random.default_rng(len(split))
    n = SIZES[split] if count is None else count
    matrix = np.column_stack([draw.normal(30, 17, n), draw.lognormal(10, 1, n), draw.integers(0, 3, n).astype(float)])
    margin = 0.05 * (matrix[:, 0] - 30) - 0.5 * np.log(matrix[:, 1] / 22_000) + (matrix[:, 2] == 1) - 1
    target = {
        "binary": (draw.uniform(size=n) < 1 / (1 + np.exp(-margin))).astype(float),
        "regression": margin,
        "poisson": draw.poisson(np.exp(margin)).astype(float),
    }
    matrix[::11, 1] = matrix[::13, 2] = np.nan
    return SplitRows(
        split=split,
        rows=np.arange(n),
        matrix=matrix,
        target=target[objective],
        weight=np.ones(n),
        groups={"gender": ["f" if at % 2 else "m" for at in range(n)]},
    )


def task_of(preset: Any, objective: Any = "binary", **more: Any) -> TrainingTask:
    usual: dict[str, Any] = {"parameters": {}, "columns": COLUMNS}
    return TrainingTask(
        preset=preset,
        objective=objective,
        folder="/x",
        rows="/x/rows",
        data_hash="sha256:1",
        splitting=Splitting(by="random"),
        seed=3,
        threads=1,
        **(usual | more),
    )


def trained(preset: Any, objective: Any = "binary", splits: dict[str, SplitRows] | None = None, **more: Any) -> tuple[LinearResult, Result, list[Event]]:
    told: list[Event] = []
    classes = ["paid", "late"] if objective == "binary" else []
    given = splits or {split: rows_of(split, objective) for split in SIZES}
    found = train_linear(task_of(preset, objective, **more), INPUTS, classes, given, told.append, lambda: False)
    result = evaluate(found.evaluated, found.takes_missing)
    document = msgspec.to_builtins(result.document)
    json.dumps(document, allow_nan=False)
    assert issues(document) == []
    return found, result, told


@pytest.mark.parametrize(
    ("preset", "objective"), [("regularised_glm", "binary"), ("regularised_glm", "regression"), ("regularised_glm", "poisson"), ("scorecard", "binary")]
)
def test_a_preset_gives_an_artifact_and_a_sound_document(preset: str, objective: str) -> None:
    found, result, told = trained(preset, objective)
    figures = {one.name: one for one in result.document.metrics if one.split == "test" and one.slice is None}
    assert (figures["roc_auc"].value > 0.65) if objective == "binary" else (figures["r2"].value > 0.1)
    assert result.document.training is not None
    assert result.document.training.split_rows == SIZES
    assert all(feature.importance for feature in result.document.features)
    assert preset == "scorecard" or any(isinstance(event, Curve) for event in told)
    again, _, _ = trained(preset, objective)
    assert again.artifact == found.artifact


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "glm": ("regularised_glm", {"class_weight": "balanced"}),
    "card": ("scorecard", {}),
    "points": ("scorecard", {"score": "points"}),
}


@pytest.mark.parametrize("case", CASES)
async def test_the_endpoint_answers_what_the_holdout_says_to_the_last_bit(hub: Hub, tenant: Tenant, case: str) -> None:
    preset, parameters = CASES[case]
    found, result, _ = trained(preset, parameters=parameters)
    number = f"{10 + list(CASES).index(case)}.0"
    version = await upload(hub, tenant, await new_version(hub, tenant, number, msgspec.to_builtins(result.document), slug="trained"), found.artifact)
    assert version.artifact is not None
    assert version.artifact.categories == {"region": ["n", "s", "w"]}
    test = found.evaluated.part("test")
    assert test is not None
    held = test.score if test.served is None else test.served
    served = await Runtimes(hub.files).serve(facts_of(version))
    assert served.runtime.predict(test.matrix).score.tolist() == held.tolist()
    members = [MemberSpec(version_id=version.id, role=MemberRole.CHAMPION, share=10_000)]
    async with hub.work(tenant.admin) as work:
        group = await groups.create(work, CreateGroup(name=case, slug=f"trained_{case}", members=members))
    for at in (0, 1, 11, 13):
        inputs = {column.name: _said(column, float(test.matrix[at, place])) for place, column in enumerate(INPUTS)}
        (answer,) = await ask(hub, tenant, group, PredictBody(inputs=inputs, explain=True))
        assert answer.score == held[at]
        assert answer.explanation is not None
        assert answer.explanation.exact
    assert (answer.output.probability is None) == (case == "points")


def _said(column: Column, value: float) -> Any:
    if np.isnan(value):
        return None
    return column.categories[int(value)] if column.categories else value


def test_points_have_their_table_and_a_probability_for_the_figures() -> None:
    _, result, _ = trained("scorecard", parameters={"score": "points", "base_score": 500})
    card = result.document.extensions["scorecard"]
    assert card["base_score"] == 500
    assert len({bin_["points"] for bin_ in card["features"][0]["bins"]}) > 1
    assert result.document.task is not None
    assert result.document.task.threshold is None
    brier = next(one for one in result.document.metrics if (one.name, one.split) == ("brier", "test"))
    assert 0 < brier.value < 0.25
    assert result.profile is not None
    assert result.profile.score is not None
    assert (result.profile.score.low or 0) > 100


def test_the_threshold_follows_the_stated_rule_and_says_so() -> None:
    _, result, _ = trained("scorecard", parameters={"threshold": {"rule": "target_rate", "rate": 0.2}})
    assert "the share of yes nearest to 0.2, on 300 validation rows" in result.document.extensions["threshold"]["rule"]
    assert "nearest to 0.2" in result.card


def test_balanced_classes_are_told_and_set_right() -> None:
    found, result, _ = trained("regularised_glm", parameters={"class_weight": "balanced"})
    test = found.evaluated.part("test")
    assert test is not None
    assert test.score.mean() == pytest.approx(test.target.mean(), abs=0.06)
    assert found.evaluated.recalibrated
    assert any("300 validation rows" in note for note in result.document.considerations)


REFUSED: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "a quantile": ("regularised_glm", "quantile", {}, "/objective"),
    "a scorecard of numbers": ("scorecard", "regression", {}, "/objective"),
    "an unknown parameter": ("regularised_glm", "binary", {"parameters": {"leaves": 3}}, "/parameters"),
    "a rule that is none": ("scorecard", "binary", {"parameters": {"threshold": {"rule": "best"}}}, "/parameters/threshold/rule"),
    "a cost without its other": ("regularised_glm", "binary", {"parameters": {"threshold": {"rule": "cost", "false_positive": 1}}}, "/parameters/threshold"),
    "a strength below 0": ("regularised_glm", "binary", {"parameters": {"strength": -1}}, "/parameters/strength"),
    "lasso of counts": ("regularised_glm", "poisson", {"parameters": {"l1_ratio": 0.5}}, "/parameters/l1_ratio"),
    "weights of no classes": ("regularised_glm", "regression", {"parameters": {"class_weight": "balanced"}}, "/parameters/class_weight"),
    "a direction of no input": ("scorecard", "binary", {"parameters": {"monotone": {"age": "increasing"}}}, "/parameters/monotone/age"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_trained_is_refused_where_it_is(case: str) -> None:
    preset, objective, more, pointer = REFUSED[case]
    splits = {split: rows_of(split, objective if objective in ("regression", "poisson") else "binary") for split in SIZES}
    with pytest.raises(UnfitTask) as refused:
        train_linear(task_of(preset, objective, **more), INPUTS, ["0", "1"], splits, lambda _: None, lambda: False)
    assert refused.value.issues[0].pointer == pointer


def changed(target: Any = None, matrix: Any = None, count: int = 40) -> dict[str, SplitRows]:
    found = {split: rows_of(split, count=count) for split in SIZES}
    return {
        split: SplitRows(
            split=rows.split,
            rows=rows.rows,
            matrix=rows.matrix if matrix is None else matrix,
            target=rows.target if target is None else target,
            weight=rows.weight,
        )
        for split, rows in found.items()
    }


NAN = np.nan
HOSTILE: dict[str, tuple[Any, dict[str, SplitRows], str]] = {
    "one class": ("binary", changed(target=np.ones(40)), "one class"),
    "no targets": ("binary", changed(target=np.full(40, NAN)), "no training row has a target"),
    "one row": ("binary", changed(target=np.ones(1), count=1), "one class"),
    "huge targets": ("regression", changed(target=np.full(40, 1e200)), "beyond"),
    "counts below 0": ("poisson", changed(target=np.full(40, -1.0)), "at least 0"),
    "no counts": ("poisson", changed(target=np.zeros(40)), "at least 0"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_targets_are_refused_with_the_column(case: str) -> None:
    objective, splits, words = HOSTILE[case]
    with pytest.raises(UnfitTask, match=words) as refused:
        train_linear(task_of("regularised_glm", objective), INPUTS, ["0", "1"], splits, lambda _: None, lambda: False)
    assert refused.value.issues[0].pointer == "/columns/4"


@pytest.mark.parametrize("preset", ["regularised_glm", "scorecard"])
@pytest.mark.parametrize("fill", [NAN, 3.0])
def test_inputs_that_say_nothing_give_the_base_rate(preset: str, fill: float) -> None:
    matrix = np.column_stack([np.full(40, fill), np.full(40, fill), np.full(40, NAN if np.isnan(fill) else 1.0)])
    target = np.tile([0.0, 0, 0, 1], 10)
    found, result, _ = trained(preset, splits=changed(target=target, matrix=matrix))
    test = found.evaluated.part("test")
    assert test is not None
    scored = test.score[np.isfinite(test.score)]
    assert np.allclose(scored, 0.25, atol=0.01) if len(scored) else result.document.considerations


def test_a_stop_keeps_the_fit_so_far() -> None:
    found = train_linear(task_of("regularised_glm"), INPUTS, ["0", "1"], {split: rows_of(split) for split in SIZES}, lambda _: None, lambda: True)
    assert found.stopped_early or found.evaluated.parameters["iterations"] < 50
    with pytest.raises(UnfitTask, match="no model yet"):
        train_linear(task_of("scorecard"), INPUTS, ["0", "1"], {split: rows_of(split) for split in SIZES}, lambda _: None, lambda: True)
