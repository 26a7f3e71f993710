"""Outcomes that only some decisions reveal: every figure beside its definition written out, scikit-learn's, or simulated truth."""

import itertools

import numpy as np
import pytest
from sklearn import metrics

from backend.numerics.selective import bounds, cutoffs, detection, propensity
from backend.numerics.selective.cutoff_sums import Applications
from backend.numerics.selective.cutoffs import Limits
from backend.numerics.selective.detection import Shares
from backend.numerics.selective.propensity import Weighted
from backend.numerics.selective.swap_set import PARTS, swap_set
from backend.numerics.selective.value import sums_of, value_losses, value_per_application
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.counted import levels_of
from backend.numerics.statistics.sequential import compare

CUT, EDGE = 0.25, 0.5


def applicants(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 5, n)
    return score, (rng.random(n) < score).astype(float), rng


def explored(n: int, seed: int, share: float = 0.02) -> tuple[Weighted, np.ndarray, np.ndarray]:
    """Approved below `CUT`, a lot up to `EDGE`, nobody beyond; with everyone's score and outcome up to the edge."""
    score, truth, rng = applicants(n, seed)
    chance = np.where(score < CUT, 1.0, np.where(score < EDGE, share, 0.0))
    seen = np.where(rng.random(n) < chance, truth, np.nan)
    inside = score < EDGE
    return Weighted.of(score, seen, chance), score[inside], truth[inside]


class TestDetection:
    def test_outcomes_that_come_for_low_scores_only_are_found(self) -> None:
        score, truth, _ = applicants(2_000, 1)
        found = detection.bands(levels_of(np.where(score < 0.3, truth, np.nan), score))
        assert sum(band.asked for band in found) == 2_000
        assert detection.selective([detection.shares_of(found)])

    @pytest.mark.parametrize("share", [0.3, 0.66, 0.95])
    def test_outcomes_that_come_by_chance_are_seldom_suspected_however_often_it_is_looked(self, share: float) -> None:
        suspected = 0
        for seed in range(200):
            score, truth, rng = applicants(4_000, seed)
            seen = np.where(rng.random(4_000) < share, truth, np.nan)
            looks = (detection.shares_of(detection.bands(levels_of(seen[:n], score[:n]))) for n in range(200, 4_001, 200))
            suspected += any(detection.evidence([one]) >= np.log(detection.PROVEN) for one in looks)
        assert suspected / 200 <= 0.02

    def test_applicants_who_ask_five_times_have_their_outcome_five_times(self) -> None:
        suspected = {False: 0, True: 0}
        for seed in range(200):
            rng = np.random.default_rng(seed)
            who = np.repeat(np.arange(400), 5)
            score, told = rng.beta(2, 5, 400)[who], (rng.random(400) < 0.6)[who]
            found = detection.shares_of(detection.bands(levels_of(np.where(told, 1.0, np.nan), score)))
            cluster = rng.integers(0, CLUSTERS, 400)[who]
            spread = detection.label_spread(np.bincount(cluster, minlength=CLUSTERS), np.bincount(cluster, weights=told, minlength=CLUSTERS))
            suspected[False] += detection.selective([found])
            suspected[True] += detection.selective([found], spread)
        assert suspected[True] / 200 <= 0.02 < suspected[False] / 200

    def test_the_evidence_is_the_mixture_written_out(self) -> None:
        """Jeffreys' mixture is the product of its predictions, one row after another."""
        known, asked = [3, 7], [5, 8]
        product = 0.0
        for k, n in zip(known, asked, strict=True):
            for row in range(n):
                said = (min(row, k) + 0.5) / (row + 1)
                product += np.log(said if row < k else 1 - said)
        best = sum(known) * np.log(10 / 13) + 3 * np.log(3 / 13)
        assert detection.evidence([Shares(np.array(asked, dtype=float), np.array(known, dtype=float))]) == pytest.approx(product - best)


class TestBounds:
    @pytest.mark.parametrize("seed", range(6))
    def test_they_are_the_least_and_the_most_of_every_way_the_unknown_may_turn_out(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        score = np.sort(rng.choice(np.linspace(0.05, 0.95, 40), 18, replace=False))
        seen = np.where(np.arange(18) % 2 == seed % 2, np.nan, (rng.random(18) < score).astype(float))
        seen[[0, -1]] = 0.0, 1.0
        unknown = np.flatnonzero(np.isnan(seen))
        rows = bounds.Outcomes.of(levels_of(seen, score))
        completed = []
        for guess in itertools.product([0.0, 1.0], repeat=len(unknown)):
            full = seen.copy()
            full[unknown] = guess
            completed.append((full.mean(), metrics.brier_score_loss(full, score), metrics.roc_auc_score(full, score)))
        for at, name in enumerate(("bad_rate", "brier", "roc_auc")):
            found = getattr(bounds, name)(rows)
            every = [one[at] for one in completed]
            assert (found.low, found.high) == (pytest.approx(min(every)), pytest.approx(max(every))), name
            assert (found.n, found.unknown) == (18, len(unknown))
            assert found.least <= found.low
            assert found.most >= found.high

    def test_within_a_plausible_range_they_are_narrower_and_hold_the_truth(self) -> None:
        held = 0
        for seed in range(50):
            score, truth, rng = applicants(4_000, seed)
            levels = levels_of(np.where((score < CUT) | (rng.random(4_000) < 0.1), truth, np.nan), score)
            wide, narrow = (bounds.bad_rate(bounds.Outcomes.of(levels, rates)) for rates in ((0.0, 1.0), bounds.plausible(levels)))
            assert narrow.high - narrow.low < wide.high - wide.low
            assert wide.low <= truth.mean() <= wide.high
            held += narrow.low <= truth.mean() <= narrow.high
        assert held >= 48

    def test_what_nothing_is_known_of_stays_unknown(self) -> None:
        score, truth, _ = applicants(4_000, 3)
        levels = levels_of(np.where(score < CUT, truth, np.nan), score)
        assert bounds.plausible(levels)[-1, 1] == 1.0
        nothing = levels_of(np.empty(0), np.empty(0))
        assert bounds.bad_rate(bounds.Outcomes.of(nothing)).low is None
        assert bounds.roc_auc(bounds.Outcomes.of(levels_of([np.nan], [0.2]))).low is None


def test_the_swap_set_counts_each_application_once() -> None:
    rng = np.random.default_rng(5)
    first, second, known = (rng.random(1_000) < share for share in (0.6, 0.7, 0.8))
    truth = np.where(known, (rng.random(1_000) < 0.1).astype(float), np.nan)
    found = swap_set(first, second, truth)
    assert [part.name for part in found] == list(PARTS)
    for part, a, b in zip(found, (True, True, False, False), (True, False, True, False), strict=True):
        mine = truth[(first == a) & (second == b)]
        assert (part.n, part.known, part.unknown) == (len(mine), np.isfinite(mine).sum(), np.isnan(mine).sum())
        assert part.bad_rate.value == pytest.approx(np.nanmean(mine))
        assert part.least == pytest.approx(np.nan_to_num(mine, nan=0.0).mean())
        assert part.most == pytest.approx(np.nan_to_num(mine, nan=1.0).mean())


class TestPropensity:
    def test_figures_equal_weighted_ones_of_scikit_learn(self) -> None:
        rows, _, _ = explored(20_000, 7)
        weights = rows.weights
        assert propensity.bad_rate(rows).value == pytest.approx(np.average(rows.actuals, weights=weights))
        assert propensity.brier(rows).value == pytest.approx(metrics.brier_score_loss(rows.actuals, rows.scores, sample_weight=weights))
        assert propensity.roc_auc(rows).value == pytest.approx(metrics.roc_auc_score(rows.actuals, rows.scores, sample_weight=weights))
        assert propensity.calibration_in_the_large(rows).value == pytest.approx(np.average(rows.scores - rows.actuals, weights=weights))

    @pytest.mark.parametrize("name", ["bad_rate", "brier", "roc_auc", "calibration_in_the_large"])
    def test_its_error_is_that_of_resampled_applicants(self, name: str) -> None:
        """Rows of one applicant are drawn together."""
        rng = np.random.default_rng(11)
        who = np.repeat(np.arange(1_500), 3)
        score, chance = rng.beta(2, 5, 1_500)[who], np.where(np.arange(1_500) < 1_000, 1.0, 0.25)[who]
        truth = (rng.random(1_500)[who] < score).astype(float)
        rows = Weighted.of(score, truth, chance, who)
        found = getattr(propensity, name)(rows)
        drawn = []
        for _ in range(300):
            often = np.bincount(rng.integers(0, 1_500, 1_500), minlength=1_500)[who]
            kept = np.repeat(np.arange(len(who)), often)
            drawn.append(getattr(propensity, name)(Weighted.of(score[kept], truth[kept], chance[kept], who[kept])).value)
        assert (found.high - found.low) / 2 / 1.96 == pytest.approx(np.std(drawn), rel=0.2)

    def test_with_two_percent_explored_intervals_hold_the_truth_of_everyone_up_to_the_edge(self) -> None:
        population = explored(400_000, 99_999)
        inside, truth = population[1], population[2]
        named = {"bad_rate": truth.mean(), "brier": metrics.brier_score_loss(truth, inside), "roc_auc": metrics.roc_auc_score(truth, inside)}
        held = dict.fromkeys(named, 0)
        for seed in range(300):
            rows, _, _ = explored(20_000, seed)
            for name, value in named.items():
                found = getattr(propensity, name)(rows)
                held[name] += found.low <= value <= found.high
        assert min(held.values()) / 300 >= 0.92, held

    def test_a_calibrated_models_calibration_error_reaches_zero(self) -> None:
        found = [propensity.calibration_error(explored(20_000, seed)[0]) for seed in range(200)]
        assert np.mean([one.low == 0.0 for one in found]) >= 0.93

    def test_a_segments_chance_of_approval_among_the_good_is_a_ratio_of_weighted_totals(self) -> None:
        rows, _, _ = explored(20_000, 8)
        good, approved = rows.actuals == 0, rows.scores < CUT
        found = propensity.ratio(rows, good & approved, good, (0.0, 1.0))
        assert found.value == pytest.approx(rows.weights[good & approved].sum() / rows.weights[good].sum())

    def test_a_handful_of_explored_rows_says_nothing(self) -> None:
        assert propensity.brier(Weighted.of([0.1] * 5, [1.0] * 5, [0.02] * 5)).value is None
        assert propensity.roc_auc(Weighted.of([0.1] * 50, [1.0] * 50, [1.0] * 50)).value is None


class TestValue:
    def test_where_all_is_known_it_is_the_mean(self) -> None:
        rng = np.random.default_rng(2)
        hides, worth = (rng.random(500) < 0.3).astype(float), rng.normal(size=500)
        found = value_per_application(sums_of(worth, hides))
        assert found.value == pytest.approx(worth.mean())
        assert found.high - found.low == pytest.approx(2 * 1.959964 * worth.std(ddof=1) / np.sqrt(500), rel=1e-3)

    @pytest.mark.parametrize("repeats", [1, 4])
    def test_its_interval_holds_the_truth_when_outcomes_are_missing_and_applicants_repeat(self, repeats: int) -> None:
        held = 0
        for seed in range(400):
            rng = np.random.default_rng(seed)
            who = rng.integers(0, 4_000 // repeats, 4_000)
            hides, bad = (rng.random(4_000) < 0.4)[who], (rng.random(4_000) < 0.1)[who]
            worth = np.where(hides, 0.0, np.where(bad, -5.0, 1.0))
            worth[~hides & (rng.random(4_000) < 0.3)] = np.nan
            found = value_per_application(sums_of(worth, hides.astype(float), (who % CLUSTERS).astype(float), CLUSTERS))
            held += found.low <= 0.6 * 0.4 <= found.high
        assert 0.92 <= held / 400 <= 0.985

    def test_parts_add_up_and_are_judged_as_losses(self) -> None:
        rng = np.random.default_rng(4)
        worth, hides = rng.normal(size=2_000), np.zeros(2_000)
        cluster = rng.integers(0, CLUSTERS, 2_000).astype(float)
        halves = [sums_of(worth[part], hides[part], cluster[part], CLUSTERS) for part in (slice(0, 1_000), slice(1_000, 2_000))]
        whole, added = value_losses(sums_of(worth, hides, cluster, CLUSTERS)), value_losses(halves[0].plus(halves[1]))
        assert (added.n, added.mean, added.deviations) == (whole.n, pytest.approx(whole.mean), pytest.approx(whole.deviations))
        better = value_losses(sums_of(worth + 1, hides, cluster, CLUSTERS))
        assert compare(whole, better).low > 0
        assert value_losses(sums_of(np.array([np.nan]), np.zeros(1))).n == 0


class TestCutoffs:
    rows_of = 3_000

    def rows(self, seed: int = 1) -> Applications:
        score, truth, rng = applicants(self.rows_of, seed)
        seen = np.where(rng.random(self.rows_of) < 0.8, truth, np.nan)
        worth = np.where(np.isnan(seen), np.nan, np.where(seen == 1, -5.0, 1.0))
        segments = (rng.random(self.rows_of) < 0.4 + 0.2 * score).astype(np.int64)
        clusters = rng.integers(0, CLUSTERS, self.rows_of)
        return Applications(score, seen, np.ones(self.rows_of), clusters, worth, np.full(self.rows_of, -0.1), segments)

    def test_figures_are_their_definitions(self) -> None:
        rows = self.rows()
        for point in cutoffs.curve(rows, [0.1, 0.25, 0.6]):
            approved, known = rows.risk < point.cut, ~np.isnan(rows.actuals)
            rates = [approved[rows.segments == one].mean() for one in (0, 1)]
            value = approved.mean() * rows.if_approved[approved & known].mean() - 0.1 * (~approved).mean()
            assert point.approval_rate.value == pytest.approx(approved.mean())
            assert point.bad_rate.value == pytest.approx(rows.actuals[approved & known].mean())
            assert point.unknown == pytest.approx((approved & ~known).sum() / approved.sum())
            assert point.least == pytest.approx(np.nansum(rows.actuals[approved]) / approved.sum())
            assert point.most == pytest.approx(np.nan_to_num(rows.actuals[approved], nan=1.0).mean())
            assert point.recall.value == pytest.approx((rows.actuals[~approved & known]).sum() / rows.actuals[known].sum())
            assert point.value.value == pytest.approx(value)
            assert point.ratio.value == pytest.approx(min(rates) / max(rates))

    def test_intervals_are_those_of_resampled_applications(self) -> None:
        rows, rng = self.rows(), np.random.default_rng(3)
        drawn = []
        for _ in range(300):
            kept = rng.integers(0, self.rows_of, self.rows_of)
            parts = (rows.risk, rows.actuals, rows.weights, rows.clusters, rows.if_approved, rows.if_declined, rows.segments)
            point = cutoffs.curve(Applications(*(part[kept] for part in parts)), [0.25])[0]
            drawn.append([getattr(point, name).value for name in ("approval_rate", "bad_rate", "value", "recall", "ratio")])
        found = cutoffs.curve(rows, [0.25])[0]
        for name, error in zip(("approval_rate", "bad_rate", "value", "recall", "ratio"), np.std(drawn, axis=0), strict=True):
            one = getattr(found, name)
            assert (one.high - one.low) / 2 / 1.96 == pytest.approx(error, rel=0.25), name

    def test_the_best_cut_off_is_the_most_valuable_that_holds_the_limits(self) -> None:
        rows = self.rows()
        points = cutoffs.curve(rows, cutoffs.candidates(rows.risk))
        free = cutoffs.best(points, Limits())
        assert free.value.value == max(point.value.value for point in points if point.value.value is not None)
        bound = cutoffs.best(points, Limits(approval_rate=0.5, ratio=0.5))
        assert bound.approval_rate.value >= 0.5
        assert cutoffs.best(points, Limits(approval_rate=0.9, bad_rate=0.01)) is None

    def test_an_unknown_outcome_counts_as_bad_against_a_limit(self) -> None:
        score, truth, _ = applicants(2_000, 9)
        rows = Applications(score, np.where(score < CUT, truth, np.nan), np.ones(2_000), np.arange(2_000) % CLUSTERS)
        inside, beyond = cutoffs.curve(rows, [CUT, 0.9])
        assert inside.unknown == 0.0
        assert beyond.bad_rate.value == pytest.approx(inside.bad_rate.value)
        assert not cutoffs.within(beyond, Limits(bad_rate=0.5))

    def test_the_decisions_of_the_time_count_everybody_approved_by_lot_once(self) -> None:
        score, truth, rng = applicants(4_000, 5)
        lot = (score >= CUT) & (rng.random(4_000) < 0.05)
        approved = (score < CUT) | lot
        seen, weights = np.where(approved, truth, np.nan), np.where(lot, 20.0, np.where(score < CUT, 1.0, 0.0))
        worth = np.where(np.isnan(seen), np.nan, np.where(seen == 1, -5.0, 1.0))
        rows = Applications(score, seen, weights, rng.integers(0, CLUSTERS, 4_000), worth, np.zeros(4_000), approved_now=approved)
        found = cutoffs.as_decided(rows)
        assert found.bad_rate.value == pytest.approx(truth[approved].mean())
        assert found.value.value == pytest.approx(worth[approved].sum() / 4_000)

    def test_explored_rows_stand_for_those_like_them(self) -> None:
        held, population = 0, applicants(400_000, 77)
        true = population[1][population[0] < EDGE].mean()
        for seed in range(200):
            score, truth, rng = applicants(20_000, seed)
            chance = np.where(score < CUT, 1.0, np.where(score < EDGE, 0.05, 0.0))
            seen = np.where(rng.random(20_000) < chance, truth, np.nan)
            weights = np.where(chance > 0, 1 / np.maximum(chance, 1e-9), 0.0)
            point = cutoffs.curve(Applications(score, seen, weights, rng.integers(0, CLUSTERS, 20_000)), [EDGE])[0]
            held += point.bad_rate.low <= true <= point.bad_rate.high
        assert held / 200 >= 0.91
