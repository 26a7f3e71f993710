"""The metrics' figures and intervals, beside scikit-learn's, scipy's and simulated truth."""

import doctest
import importlib
import pkgutil
import time
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

import backend.numerics
from backend.numerics import calibration, discrimination, proportions
from backend.numerics.estimate import Estimate, mean
from backend.numerics.quantiles import quantile
from backend.numerics.sample_ratio import sample_ratio
from backend.numerics.sequential import MINIMUM, Moments, compare

MODULES = [module.name for module in pkgutil.walk_packages(backend.numerics.__path__, "backend.numerics.")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def sample(n: int, seed: int, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 5, n)
    score = np.round(score, 1) if ties else score
    return (rng.random(n) < score).astype(float), score


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("n", [20, 500, 5000])
def test_figures_equal_scikit_learns(n: int, ties: bool) -> None:
    y, s = sample(n, n, ties)
    counts = proportions.confusion(y, s, 0.3)
    said = s >= 0.3
    assert discrimination.roc_auc(y, s).value == pytest.approx(metrics.roc_auc_score(y, s), abs=1e-12)
    assert discrimination.pr_auc(y, s).value == pytest.approx(metrics.average_precision_score(y, s), abs=1e-12)
    assert calibration.brier(y, s).value == pytest.approx(metrics.brier_score_loss(y, s), abs=1e-12)
    assert calibration.log_loss(y, s).value == pytest.approx(metrics.log_loss(y, s, labels=[0, 1]), abs=1e-9)
    assert proportions.accuracy(counts).value == pytest.approx(metrics.accuracy_score(y, said))
    assert proportions.precision(counts).value == pytest.approx(metrics.precision_score(y, said))
    assert proportions.recall(counts).value == pytest.approx(metrics.recall_score(y, said))
    assert proportions.f1(counts).value == pytest.approx(metrics.f1_score(y, said))


def test_wilson_equals_scipys() -> None:
    for k, n in ((0, 10), (3, 10), (10, 10), (400, 1000)):
        theirs = stats.binomtest(k, n).proportion_ci(method="wilson")
        ours = proportions.wilson(k, n)
        assert (ours.low, ours.high) == (pytest.approx(theirs.low, abs=1e-12), pytest.approx(theirs.high, abs=1e-12))


def test_midranks_equal_scipys() -> None:
    values = np.random.default_rng(0).integers(0, 20, 300).astype(float)
    assert np.array_equal(discrimination.midranks(values), stats.rankdata(values))


def test_delongs_error_is_that_of_every_pair_counted() -> None:
    """The variance of the pair counts' row and column means, written out over all pairs."""
    y, s = sample(300, 5, ties=True)
    pairs = (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])
    error = np.sqrt(pairs.mean(axis=1).var(ddof=1) / pairs.shape[0] + pairs.mean(axis=0).var(ddof=1) / pairs.shape[1])
    found = discrimination.roc_auc(y, s)
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    logit = np.log(np.array([found.low, found.high]) / (1 - np.array([found.low, found.high])))
    assert np.diff(logit)[0] / 2 == pytest.approx(1.959964 * error / (found.value * (1 - found.value)), rel=1e-6)


TRUTH_ROWS = 200_000
INTERVALS: dict[str, Callable[[np.ndarray, np.ndarray], Estimate]] = {
    "roc_auc": discrimination.roc_auc,
    "pr_auc": discrimination.pr_auc,
    "brier": calibration.brier,
    "log_loss": calibration.log_loss,
    "accuracy": lambda y, s: proportions.accuracy(proportions.confusion(y, s, 0.3)),
    "precision": lambda y, s: proportions.precision(proportions.confusion(y, s, 0.3)),
    "recall": lambda y, s: proportions.recall(proportions.confusion(y, s, 0.3)),
    "f1": lambda y, s: proportions.f1(proportions.confusion(y, s, 0.3)),
}


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_cover_the_truth_about_as_often_as_they_say(name: str) -> None:
    """95 % nominal over 400 samples of 400 rows; binomial noise alone gives ±2.2 points."""
    truth = INTERVALS[name](*sample(TRUTH_ROWS, 999)).value
    assert truth is not None
    found = [INTERVALS[name](*sample(400, seed)) for seed in range(400)]
    covered = np.mean([estimate.low <= truth <= estimate.high for estimate in found if estimate.low is not None and estimate.high is not None])
    assert 0.91 <= covered <= 0.995


def test_calibration_error_is_the_mean_gap_of_equal_bins() -> None:
    y, s = sample(10_000, 3)
    order = np.argsort(s)
    naive = np.mean([abs(y[part].mean() - s[part].mean()) for part in np.array_split(order, 10)])
    assert calibration.calibration_error(y, s).value == pytest.approx(naive, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_calibration_errors_interval_covers_the_truth(shift: float) -> None:
    """A calibrated model's error is 0, and the interval reaches it; one that says 0.1 too much has 0.1."""
    found = []
    for seed in range(200):
        y, s = sample(2000, seed)
        found.append(calibration.calibration_error(y, s + shift))
    assert np.mean([e.low <= shift <= e.high for e in found if e.low is not None and e.high is not None]) >= 0.93


def test_calibration_error_does_not_depend_on_the_order_of_rows() -> None:
    y, s = sample(2000, 4, ties=True)
    shuffled = np.random.default_rng(0).permutation(len(y))
    assert calibration.calibration_error(y, s).value == pytest.approx(calibration.calibration_error(y[shuffled], s[shuffled]).value, abs=1e-12)


def test_nothing_is_said_of_nothing() -> None:
    none: list[float] = []
    for metric in INTERVALS.values():
        assert metric(np.array(none), np.array(none)).value is None
    assert discrimination.roc_auc([1, 1], [0.2, 0.3]) == Estimate(None, None, None, 2)
    assert discrimination.pr_auc([0, 0], [0.2, 0.3]) == Estimate(None, None, None, 2)
    assert calibration.calibration_error([1.0], [0.3]).value is None
    assert quantile(none, 0.5).value is None
    assert mean([2.0]) == Estimate(2.0, None, None, 1)
    assert sample_ratio([0, 0], [1, 1]) is None


def test_a_perfect_model_has_a_bound_below_one() -> None:
    found = discrimination.roc_auc([0] * 20 + [1] * 20, list(range(40)))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 20))


def test_sample_ratio_equals_scipys_chi_square() -> None:
    found = sample_ratio([870, 130], [0.9, 0.1])
    theirs = stats.chisquare([870, 130], [900, 100])
    assert found is not None
    assert (found.chi_square, found.p_value) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue))
    assert found.ok == (theirs.pvalue >= 0.001)
    stray = sample_ratio([10, 1], [1, 0])
    assert stray is not None
    assert not stray.ok


def test_a_quantiles_interval_covers_it() -> None:
    truth = stats.expon.ppf(0.95)
    found = [quantile(np.random.default_rng(seed).exponential(size=500), 0.95) for seed in range(400)]
    assert 0.93 <= np.mean([e.low <= truth <= e.high for e in found if e.low is not None and e.high is not None]) <= 0.99


def looks(seed: int, shift: float = 0.0, n: int = 20_000, share: float = 0.1) -> bool:
    """One experiment on Brier losses split 90/10, looked at 100 times: whether any look shows a winner."""
    y, s = sample(n, seed)
    challenger = np.random.default_rng(seed + 10_000).random(n) < share
    losses = (np.clip(s + shift * challenger, 0, 1) - y) ** 2
    first, second = Moments.of([]), Moments.of([])
    for part in np.array_split(np.arange(n), 100):
        first, second = first.merged(Moments.of(losses[part][~challenger[part]])), second.merged(Moments.of(losses[part][challenger[part]]))
        if compare(first, second).decided:
            return True
    return False


def test_looking_a_hundred_times_at_two_equal_models_names_a_winner_in_at_most_one_run_in_twenty() -> None:
    assert np.mean([looks(seed) for seed in range(400)]) <= 0.05


def test_a_worse_model_is_found_out() -> None:
    assert np.mean([looks(seed, shift=0.3) for seed in range(20)]) == 1.0


def test_no_verdict_before_each_side_has_enough() -> None:
    assert compare(Moments(MINIMUM - 1, 0.0, 0.1), Moments(10_000, 1.0, 0.1)).difference is None


@pytest.mark.parametrize("name", [*INTERVALS, "calibration_error"])
def test_fifty_thousand_rows_take_less_than_a_tenth_of_a_second(name: str) -> None:
    metric = INTERVALS.get(name, calibration.calibration_error)
    y, s = sample(50_000, 1)
    metric(y, s)
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        metric(y, s)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.1
