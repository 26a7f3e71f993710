import hashlib
import json
from functools import cache

import lightgbm
import msgspec
import numpy as np
import pytest
from sklearn import metrics as oracle

from demo import metrics
from demo.dataset import INPUTS, Clients, load
from demo.document import document
from demo.training import RECIPES, SHARED, THRESHOLD, Trained, folds, train
from schemas.model_document import ModelDocument


@cache
def clients() -> tuple[Clients, Clients]:
    return load()


@cache
def trained(position: int) -> Trained:
    return train(RECIPES[position], clients()[0])


def test_ten_thousand_clients_are_learned_from_and_twenty_thousand_others_are_traffic() -> None:
    learned, traffic = (set(part.rows["id"].astype(int).tolist()) for part in clients())
    assert (len(learned), len(traffic), learned & traffic) == (10_000, 20_000, set())


def test_both_parts_default_about_as_often_as_the_whole() -> None:
    for part in clients():
        assert part.defaulted.mean() == pytest.approx(0.2212, abs=0.012)


@pytest.mark.parametrize("position", [0, 1])
def test_training_twice_gives_the_same_bytes(position: int) -> None:
    again = train(RECIPES[position], clients()[0])
    assert hashlib.sha256(again.artifact).digest() == hashlib.sha256(trained(position).artifact).digest()


@pytest.mark.parametrize("position", [0, 1])
def test_no_version_reads_who_the_client_is(position: int) -> None:
    booster = lightgbm.Booster(model_str=trained(position).artifact.decode())
    assert tuple(booster.feature_name()) == RECIPES[position].features
    assert not {"sex", "education", "marriage", "age", "id", "default"} & set(booster.feature_name())
    assert set(booster.feature_name()) <= set(INPUTS)


def test_each_fold_leaves_out_other_clients_and_together_all() -> None:
    left_out = folds(10_000)
    assert [len(part) for part in left_out] == [2_000] * 5
    assert sorted(np.concatenate(left_out).tolist()) == list(range(10_000))


@pytest.mark.parametrize("position", [0, 1])
def test_a_client_is_scored_by_a_model_that_has_not_seen_it(position: int) -> None:
    recipe, learned = RECIPES[position], clients()[0]
    part = folds(10_000)[0]
    rest = np.setdiff1d(np.arange(10_000), part)
    data = lightgbm.Dataset(learned.matrix(recipe.features)[rest], learned.defaulted[rest], params={"verbose": -1})
    booster = lightgbm.train(SHARED | recipe.parameters, data, recipe.rounds)
    alone = np.asarray(booster.predict(learned.matrix(recipe.features)[part]))
    assert np.corrcoef(alone, trained(position).scores[part])[0, 1] > 0.98


@pytest.mark.parametrize("position", [0, 1])
def test_the_version_that_serves_has_learned_from_all_ten_thousand(position: int) -> None:
    booster = lightgbm.Booster(model_str=trained(position).artifact.decode())
    assert booster.dump_model()["tree_info"][0]["tree_structure"]["internal_count"] == 10_000


@pytest.mark.parametrize("position", [0, 1])
def test_the_document_is_one_the_hub_takes_and_says_what_the_artifact_does(position: int) -> None:
    parsed = msgspec.json.decode(json.dumps(document(trained(position))), type=ModelDocument)
    assert tuple(feature.name for feature in parsed.features) == RECIPES[position].features
    assert {type(chart).__name__ for chart in parsed.charts} == {
        "RocChart", "PrChart", "ConfusionChart", "CalibrationChart", "ImportanceChart", "LearningCurve", "HistogramChart",
    }  # fmt: skip
    stated = {metric.name: metric.value for metric in parsed.metrics}
    y, p = trained(position).clients.defaulted, trained(position).scores
    assert stated == pytest.approx(
        {
            "accuracy": oracle.accuracy_score(y, p >= THRESHOLD),
            "precision": oracle.precision_score(y, p >= THRESHOLD),
            "recall": oracle.recall_score(y, p >= THRESHOLD),
            "f1": oracle.f1_score(y, p >= THRESHOLD),
            "roc_auc": oracle.roc_auc_score(y, p),
            "pr_auc": oracle.average_precision_score(y, p),
            "brier": oracle.brier_score_loss(y, p),
            "log_loss": oracle.log_loss(y, p),
        },
        abs=1e-6,
    )
    for metric in parsed.metrics:
        assert metric.ci is not None
        assert metric.ci.low < metric.value < metric.ci.high
        assert (metric.split, metric.n) == ("cross_validation", 10_000)


def test_the_challenger_is_the_better_model_on_clients_neither_has_seen() -> None:
    traffic = clients()[1]
    areas = []
    for position, recipe in enumerate(RECIPES):
        booster = lightgbm.Booster(model_str=trained(position).artifact.decode())
        areas.append(metrics.roc_auc(traffic.defaulted, np.asarray(booster.predict(traffic.matrix(recipe.features)))))
    assert 0.70 < areas[0] < areas[1] - 0.02 < 0.80


def test_the_curves_agree_with_scikit_learn_where_scores_tie() -> None:
    draw = np.random.default_rng(7)
    y, p = (draw.random(500) < 0.3).astype(float), draw.integers(0, 20, 500) / 20
    assert metrics.roc_auc(y, p) == pytest.approx(oracle.roc_auc_score(y, p), abs=1e-12)
    assert metrics.pr_auc(y, p) == pytest.approx(oracle.average_precision_score(y, p), abs=1e-12)
    assert metrics.confusion(y, p, 0.5) == oracle.confusion_matrix(y, p >= 0.5).tolist()
