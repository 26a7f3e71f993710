"""Bins against all partitions, and a scorecard's artifact against scikit-learn on its weights of evidence."""

from itertools import combinations
from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from backend.numerics.linear import read_linear
from backend.numerics.monotone_bins import best_partition, log_likelihood
from backend.runtimes.linear import LinearRuntime
from backend.tuning.presets.scorecard.binning import binned
from backend.tuning.presets.scorecard.fit import Scorecard, fit_scorecard
from backend.tuning.presets.scorecard.points import Scale, artifact, parts_of, table
from backend.tuning.presets.scorecard.settings import ScorecardSettings
from schemas.columns import Column

COLUMNS = [Column(name="debt", type="number"), Column(name="income", type="number"), Column(name="region", type="category", categories=["n", "s", "w", "x"])]
DRAW = np.random.default_rng(3)
N = 1500
ROWS = np.column_stack([DRAW.normal(30, 17, N), DRAW.lognormal(10, 1, N), DRAW.integers(0, 3, N).astype(float)])
ROWS[::11, 1] = ROWS[::13, 2] = np.nan
MARGIN = 0.05 * (ROWS[:, 0] - 30) - 0.5 * np.nan_to_num(np.log(ROWS[:, 1] / 22_000)) + (ROWS[:, 2] == 1) - 1
TARGET = (DRAW.uniform(size=N) < 1 / (1 + np.exp(-MARGIN))).astype(float)


def value(starts: list[int], up: Any, down: Any, least: float, sign: int) -> float:
    ends = [*starts[1:], len(up)]
    p, n = (np.array([side[a:b].sum() for a, b in zip(starts, ends, strict=True)]) for side in (up, down))
    fits = (p + n >= least).all() and (sign * np.diff(p / (p + n)) > 0).all()
    return float(log_likelihood(p, n).sum()) if fits else -np.inf


@pytest.mark.parametrize("seed", range(6))
def test_bins_are_the_best_of_all_partitions_with_a_monotone_rate(seed: int) -> None:
    draw = np.random.default_rng(seed)
    up, down = draw.integers(1, 30, 9).astype(float), draw.integers(1, 30, 9).astype(float)
    every = [[0, *cuts] for size in range(4) for cuts in combinations(range(1, 9), size)]
    best = {sign: max(value(starts, up, down, 25, sign) for starts in every) for sign in (1, -1)}
    for direction, expected in (("increasing", best[1]), ("decreasing", best[-1]), ("auto", max(best.values()))):
        starts = best_partition(up, down, 4, 25, direction)  # type: ignore[arg-type]
        assert max(value(starts, up, down, 25, sign) for sign in (1, -1)) == pytest.approx(expected, abs=1e-9)


def made(**said: Any) -> tuple[Scorecard, ScorecardSettings, LinearRuntime]:
    settings = ScorecardSettings(**said)
    card = fit_scorecard(ROWS, TARGET, np.ones(N), COLUMNS, settings, 1, lambda _: True)
    model = artifact(card.binned, parts_of(card.binned, card.coefficients), card.intercept, settings)
    return card, settings, LinearRuntime(read_linear(msgspec.json.encode(model)))


def test_the_artifact_scores_as_scikit_learn_on_weights_of_evidence() -> None:
    card, settings, runtime = made()
    evidence = np.column_stack([one.evidence[one.places(ROWS[:, at])] for at, one in enumerate(card.binned)])
    expected = LogisticRegression(C=1 / (settings.strength * N), tol=1e-7, max_iter=2000).fit(evidence, TARGET)
    scored = runtime.predict(ROWS).score
    assert np.allclose(scored, expected.predict_proba(evidence)[:, 1], atol=1e-5)
    by_card = 1 / (1 + np.exp(-(evidence @ card.coefficients + card.intercept)))
    assert np.abs(scored - by_card).max() < 1e-12
    assert [runtime.predict_row(row.tolist())[0] for row in ROWS[:50]] == scored[:50].tolist()


def test_rates_are_monotone_and_bins_are_large_enough() -> None:
    card, _, runtime = made(monotone={"income": "decreasing"})
    for one in card.binned[:2]:
        sums = (one.positives + one.negatives)[:-1]
        assert sums.min() >= 0.05 * N
        steps = np.diff(one.positives[:-1] / sums)
        assert (steps > 0).all() or (steps < 0).all()
    swept = np.tile(np.array([20.0, np.nan, 0.0]), (1000, 1))
    swept[:, 1] = np.geomspace(1, 1e7, 1000)
    assert (np.diff(runtime.predict(swept).score) <= 0).all()


def test_points_are_whole_numbers_that_add_up_to_the_served_score() -> None:
    card, settings, runtime = made(score="points")
    said = table(card.binned, parts_of(card.binned, card.coefficients), card.intercept, settings)
    scored = runtime.predict(ROWS).score
    by_hand = np.full(N, float(said["base_points"]))
    for at, one in enumerate(card.binned):
        by_hand += np.array([float(bin_["points"]) for bin_ in said["features"][at]["bins"]])[one.places(ROWS[:, at])]
    assert scored.tolist() == by_hand.tolist()
    _, _, probable = made()
    assert np.abs(Scale.of(settings).probabilities(scored) - probable.predict(ROWS).score).max() < 0.03
    assert sum(bin_["rows"] for bin_ in said["features"][0]["bins"]) == N
    assert msgspec.json.decode(msgspec.json.encode(said)) == said


HOSTILE: dict[str, Any] = {
    "all missing": np.full(N, np.nan),
    "constant": np.full(N, 4.0),
    "huge": np.where(TARGET == 1, 1e300, -1e300),
    "the target itself": TARGET,
    "one row apart": np.append(np.zeros(N - 1), 1.0),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_columns_are_binned_and_scored(case: str) -> None:
    column = COLUMNS[0]
    one = binned(HOSTILE[case], TARGET, np.ones(N), column, ScorecardSettings())
    assert np.isfinite(one.evidence).all()
    assert (one.positives + one.negatives).sum() == N
    rows = ROWS.copy()
    rows[:, 0] = HOSTILE[case]
    card = fit_scorecard(rows, TARGET, np.ones(N), COLUMNS, ScorecardSettings(), 1, lambda _: True)
    runtime = LinearRuntime(
        read_linear(msgspec.json.encode(artifact(card.binned, parts_of(card.binned, card.coefficients), card.intercept, ScorecardSettings())))
    )
    assert np.isfinite(runtime.predict(rows).score).all()


def test_many_levels_are_put_together_and_an_unseen_level_has_a_place() -> None:
    column = Column(name="city", type="category", categories=[str(at) for at in range(500)])
    codes = DRAW.integers(0, 499, N).astype(float)
    one = binned(codes, TARGET, np.ones(N), column, ScorecardSettings())
    assert one.bins <= 6
    assert 0 <= one.bin_of[499] < one.bins
    assert ((one.positives + one.negatives)[:-1] >= 0.05 * N).all()


def test_an_input_that_would_count_in_reverse_is_left_out_by_name() -> None:
    noisy = np.column_stack([ROWS[:, 0], ROWS[:, 0] + DRAW.normal(0, 3, N), ROWS[:, 2]])
    target = (DRAW.uniform(size=N) < 1 / (1 + np.exp(-(0.3 * noisy[:, 0] - 0.2 * noisy[:, 1] - 3)))).astype(float)
    card = fit_scorecard(noisy, target, np.ones(N), COLUMNS, ScorecardSettings(most_bins=20, least_share=0.02), 1, lambda _: True)
    assert (card.coefficients >= 0).all()
    assert any("reverse" in note for note in card.notes)
