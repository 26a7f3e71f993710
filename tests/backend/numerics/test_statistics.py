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
from backend.numerics.statistics import binning, calibration, discrimination, proportions
from backend.numerics.statistics.clusters import CLUSTERS, Clusters, robust_variance, spread
from backend.numerics.statistics.counted import Levels, levels_of, of_rows, of_sketch
from backend.numerics.statistics.estimate import Estimate, mean_of
from backend.numerics.statistics.quantiles import quantile
from backend.numerics.statistics.sample_ratio import sample_ratio
from backend.numerics.statistics.sequential import MINIMUM, Clustered, Moments, compare, paired, pooled
from backend.numerics.statistics.sketch import UNIT, sketch_of, truth_sums

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
    levels = levels_of(y, s)
    counts = proportions.confusion(levels, 0.3)
    said = s >= 0.3
    assert discrimination.roc_auc(levels).value == pytest.approx(metrics.roc_auc_score(y, s), abs=1e-12)
    assert discrimination.pr_auc(levels).value == pytest.approx(metrics.average_precision_score(y, s), abs=1e-12)
    assert brier(y, s).value == pytest.approx(metrics.brier_score_loss(y, s), abs=1e-9)
    assert log_loss(y, s).value == pytest.approx(metrics.log_loss(y, s, labels=[0, 1]), abs=1e-9)
    assert proportions.accuracy(counts).value == pytest.approx(metrics.accuracy_score(y, said))
    assert proportions.precision(counts).value == pytest.approx(metrics.precision_score(y, said))
    assert proportions.recall(counts).value == pytest.approx(metrics.recall_score(y, said))
    assert proportions.f1(counts).value == pytest.approx(metrics.f1_score(y, said))


def test_wilson_equals_scipys() -> None:
    for k, n in ((0, 10), (3, 10), (10, 10), (400, 1000)):
        theirs = stats.binomtest(k, n).proportion_ci(method="wilson")
        ours = proportions.wilson(k, n)
        assert (ours.low, ours.high) == (pytest.approx(theirs.low, abs=1e-12), pytest.approx(theirs.high, abs=1e-12))


def test_delongs_error_is_that_of_every_pair_counted() -> None:
    """The variance of the pair counts' row and column means, written out over all pairs."""
    y, s = sample(300, 5, ties=True)
    pairs = (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])
    error = np.sqrt(pairs.mean(axis=1).var(ddof=1) / pairs.shape[0] + pairs.mean(axis=0).var(ddof=1) / pairs.shape[1])
    found = discrimination.roc_auc(levels_of(y, s))
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    logit = np.log(np.array([found.low, found.high]) / (1 - np.array([found.low, found.high])))
    assert np.diff(logit)[0] / 2 == pytest.approx(1.959964 * error / (found.value * (1 - found.value)), rel=1e-6)


TRUTH_ROWS = 200_000
INTERVALS: dict[str, Callable[[np.ndarray, np.ndarray], Estimate]] = {
    "roc_auc": lambda y, s: discrimination.roc_auc(levels_of(y, s)),
    "pr_auc": lambda y, s: discrimination.pr_auc(levels_of(y, s)),
    "brier": lambda y, s: brier(y, s),
    "brier_skill": lambda y, s: skill(y, s),
    "log_loss": lambda y, s: log_loss(y, s),
    "accuracy": lambda y, s: proportions.accuracy(proportions.confusion(levels_of(y, s), 0.3)),
    "precision": lambda y, s: proportions.precision(proportions.confusion(levels_of(y, s), 0.3)),
    "recall": lambda y, s: proportions.recall(proportions.confusion(levels_of(y, s), 0.3)),
    "f1": lambda y, s: proportions.f1(proportions.confusion(levels_of(y, s), 0.3)),
}


def ece(y: np.ndarray, s: np.ndarray) -> Estimate:
    return calibration.calibration_error(levels_of(y, s))


def of_sums(y: np.ndarray, s: np.ndarray, name: str, square: str) -> Estimate:
    sums = truth_sums(s, y)
    return mean_of(len(y), sums[name] / UNIT, sums[square] / UNIT)


def brier(y: np.ndarray, s: np.ndarray) -> Estimate:
    return of_sums(y, s, "squared", "fourth")


def log_loss(y: np.ndarray, s: np.ndarray) -> Estimate:
    return of_sums(y, s, "log", "log_squared")


def skill(y: np.ndarray, s: np.ndarray) -> Estimate:
    return calibration.brier_skill(brier(y, s).value or 0.0, levels_of(y, s))


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
    assert ece(y, s).value == pytest.approx(naive, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_calibration_errors_interval_covers_the_truth(shift: float) -> None:
    """A calibrated model's error is 0, and the interval reaches it; one that says 0.1 too much has 0.1."""
    found = []
    for seed in range(200):
        y, s = sample(2000, seed)
        found.append(ece(y, s + shift))
    assert np.mean([e.low <= shift <= e.high for e in found if e.low is not None and e.high is not None]) >= 0.93


def test_calibration_error_does_not_depend_on_the_order_of_rows() -> None:
    y, s = sample(2000, 4, ties=True)
    shuffled = np.random.default_rng(0).permutation(len(y))
    assert ece(y, s).value == pytest.approx(ece(y[shuffled], s[shuffled]).value, abs=1e-12)


def test_nothing_is_said_of_nothing() -> None:
    none = np.array([], dtype=np.float64)
    for metric in INTERVALS.values():
        assert metric(none, none).value is None
    assert discrimination.roc_auc(levels_of([1, 1], [0.2, 0.3])) == Estimate(None, None, None, 2)
    assert discrimination.pr_auc(levels_of([0, 0], [0.2, 0.3])) == Estimate(None, None, None, 2)
    assert calibration.calibration_error(levels_of([1.0], [0.3])).value is None
    assert quantile(levels_of(none, none), 0.5).value is None
    assert mean_of(1, 2.0, 4.0) == Estimate(2.0, None, None, 1)
    assert sample_ratio([0, 0], [1, 1]) is None


def test_a_perfect_model_has_a_bound_below_one() -> None:
    found = discrimination.roc_auc(levels_of([0] * 20 + [1] * 20, list(range(40))))
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
    found = [quantile(levels_of(np.zeros(500), np.random.default_rng(seed).exponential(size=500)), 0.95) for seed in range(400)]
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
    metric = INTERVALS.get(name, ece)
    y, s = sample(50_000, 1)
    metric(y, s)
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        metric(y, s)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.1


def binned(y: np.ndarray, s: np.ndarray) -> Levels:
    return of_sketch(sketch_of(s, y, np.full(len(s), np.nan))).levels


@pytest.mark.parametrize("power", [1, 4, 12])
@pytest.mark.parametrize("n", [300, 30_000])
def test_figures_from_bins_are_within_the_stated_bound_of_those_from_rows(n: int, power: int) -> None:
    """Also where all scores are tiny, as of rare events: the bins are finer there."""
    rng = np.random.default_rng(n + power)
    s = rng.random(n) ** power
    y = (rng.random(n) < np.clip(s * 1.3, 0, 1)).astype(float)
    levels, rows = binned(y, s), levels_of(y, s)
    for name, exact in {"roc_auc": metrics.roc_auc_score(y, s), "pr_auc": metrics.average_precision_score(y, s)}.items():
        found = getattr(discrimination, name)(levels)
        assert abs(found.value - exact) <= found.within + 1e-9, name
        assert found.within < 0.02, name
    found = calibration.calibration_error(levels)
    assert found.value is not None
    assert abs(found.value - (calibration.calibration_error(rows).value or 0)) <= found.within
    for threshold in (0.5, 0.35, 0.123):
        assert proportions.confusion(levels, threshold) == proportions.confusion(rows, threshold)
    cut, exactly = proportions.confusion(levels, 0.12345), proportions.confusion(rows, 0.12345)
    assert abs(cut.tp - exactly.tp) + abs(cut.fp - exactly.fp) <= cut.unsure


def test_a_quantile_from_bins_is_within_its_bin_of_the_rows_quantile() -> None:
    times = np.random.default_rng(4).lognormal(6, 1, 20_000)
    counted = of_sketch(sketch_of(np.full(20_000, np.nan), np.full(20_000, np.nan), times)).times
    for q in (0.5, 0.95, 0.99):
        found, exact = quantile(counted, q), np.quantile(times, q)
        assert found.value is not None
        assert abs(found.value - exact) <= found.within
        assert found.within <= exact / 16


def test_bins_hold_what_falls_into_them_and_keep_its_order() -> None:
    rng = np.random.default_rng(3)
    scores = np.concatenate([rng.random(5000) ** 9, 1 - rng.random(5000) ** 9, rng.normal(0, 1e6, 5000), [0.0, 1.0, -5e-324, 1e308, -1e308]])
    bins = binning.score_bins(scores)
    low, high = binning.score_spans(bins)
    assert ((low <= scores) & (scores <= high)).all()
    assert (np.diff(bins[np.argsort(scores)]) >= 0).all()


def test_rows_give_the_same_sums_in_whatever_order_and_parts_they_are_added() -> None:
    y, s = sample(3000, 8)
    none = np.full(3000, np.nan)
    order = np.random.default_rng(0).permutation(3000)
    whole = sketch_of(s, y, none)
    parts = [sketch_of(s[part], y[part], none[part]) for part in np.array_split(order, 7)]
    assert type(whole).merged(parts) == whole
    assert of_rows(s, y, none).sketch == whole


@pytest.mark.parametrize("repeats", [1, 4])
def test_rows_that_are_copies_of_each_other_count_once_each_entity(repeats: int) -> None:
    rng = np.random.default_rng(9)
    ratios = []
    for _ in range(40):
        entities, buckets = rng.normal(size=3_000), rng.integers(0, 10_000, 3_000)
        losses, where = np.repeat(entities, repeats), np.repeat(buckets, repeats)
        clusters = Clusters.of(where, labelled=1.0, squared=losses)
        plain = Moments.of(losses)
        moments = Moments(plain.n, plain.mean, plain.deviations, Clustered(clusters.row("labelled"), clusters.row("squared")))
        assert moments.residuals is not None
        ratios.append(robust_variance(moments.residuals) / (plain.deviations / (plain.n - 1) / plain.n))
    assert np.mean(ratios) == pytest.approx(repeats, rel=0.1)


def test_requests_of_few_entities_spread_further_than_independent_ones_and_are_no_mismatch() -> None:
    rng = np.random.default_rng(10)
    mine, theirs = np.arange(9_000), np.arange(9_000, 10_000)
    alone, busy = rng.integers(0, 10_000, 100_000), np.repeat(rng.integers(0, 10_000, 1_000), 100)
    asked = [[np.bincount(one[np.isin(one, side)] % CLUSTERS, minlength=CLUSTERS).astype(float) for side in (mine, theirs)] for one in (alone, busy)]
    found = [spread(counts, [mine, theirs]) for counts in asked]
    assert found[0] < 1.3
    assert found[1] == pytest.approx(100, rel=0.35)
    counts = [int(one.sum()) for one in asked[1]]
    assert not sample_ratio([counts[0] - 2_000, counts[1] + 2_000], [9_000, 1_000]).ok  # type: ignore[union-attr]
    assert sample_ratio([counts[0] - 2_000, counts[1] + 2_000], [9_000, 1_000], found[1]).ok  # type: ignore[union-attr]


def test_pairs_find_a_difference_that_two_samples_would_not() -> None:
    rng = np.random.default_rng(5)
    hard = rng.random(2000) * 0.5
    first, second = hard + rng.normal(0.01, 0.02, 2000), hard
    assert paired(Moments.of(first - second)).decided
    assert not compare(Moments.of(first), Moments.of(second)).decided


def test_strata_are_weighed_and_never_mixed() -> None:
    """Within each stratum there is no difference; put together there is one, since the sides' shares differ."""
    rng = np.random.default_rng(6)
    easy, hard = [Moments.of(rng.normal(0.1, 0.05, n)) for n in (500, 4500)], [Moments.of(rng.normal(0.5, 0.05, n)) for n in (4500, 500)]
    assert compare(easy[0].merged(hard[0]), easy[1].merged(hard[1])).decided
    assert not pooled([(easy[0], easy[1]), (hard[0], hard[1])]).decided
