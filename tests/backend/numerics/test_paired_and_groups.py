"""Differences on the same rows, rates of groups, and profiles, against scipy and known figures."""

import numpy as np
import pytest
from scipy.stats import ttest_rel
from scipy.stats.contingency import relative_risk
from sklearn.metrics import roc_auc_score

from backend.numerics.profile import category_profile, number_profile
from backend.numerics.statistics.counted import levels_of
from backend.numerics.statistics.discrimination import auc_error
from backend.numerics.statistics.estimate import normal_quantile
from backend.numerics.statistics.group_rates import rate_difference, rate_ratio
from backend.numerics.statistics.paired import paired_auc, paired_mean

DRAW = np.random.default_rng(5)
ACTUAL = DRAW.integers(0, 2, 400).astype(np.float64)
FIRST = np.round(DRAW.normal(ACTUAL, 1.0), 1)
SECOND = np.round(FIRST + DRAW.normal(0, 0.7, 400), 1)


def test_a_paired_difference_of_areas_is_that_of_scikit_learn_with_delongs_error() -> None:
    found = paired_auc(ACTUAL, FIRST, SECOND)
    assert found.value == pytest.approx(roc_auc_score(ACTUAL, FIRST) - roc_auc_score(ACTUAL, SECOND), abs=1e-12)
    against_chance = paired_auc(ACTUAL, FIRST, np.zeros(400))
    error = auc_error(levels_of(ACTUAL, FIRST))
    assert error is not None
    assert against_chance.high is not None
    assert against_chance.high - (against_chance.value or 0) == pytest.approx(error * normal_quantile(0.95), rel=1e-9)
    resampled = [paired_auc(ACTUAL[at], FIRST[at], SECOND[at]).value for at in DRAW.integers(0, 400, (300, 400))]
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 / normal_quantile(0.95) == pytest.approx(np.std(np.array(resampled, dtype=float)), rel=0.2)


def test_a_paired_difference_without_a_class_says_nothing() -> None:
    assert paired_auc(np.ones(5), FIRST[:5], SECOND[:5]).value is None
    assert paired_auc(np.array([0.0, 1.0]), np.array([0.1, 0.2]), np.array([0.2, 0.1])).low is None


def test_a_paired_mean_is_the_paired_t_tests_up_to_its_quantile() -> None:
    found, expected = paired_mean(FIRST, SECOND), ttest_rel(FIRST, SECOND)
    assert found.value == pytest.approx(float(np.mean(FIRST - SECOND)))
    assert found.low is not None
    assert (found.value - found.low) / normal_quantile(0.95) == pytest.approx(abs(np.mean(FIRST - SECOND) / expected.statistic), rel=1e-9)


def test_newcombes_published_interval() -> None:
    found = rate_difference((56, 70), (48, 80))  # Newcombe (1998), table II, (a), method 10
    assert (round(found.low or 0, 4), round(found.high or 0, 4)) == (0.0524, 0.3339)
    assert rate_difference((0, 0), (1, 2)).value is None


def test_a_ratio_of_rates_is_scipys_relative_risk() -> None:
    expected = relative_risk(30, 100, 60, 120)
    interval = expected.confidence_interval(0.95)
    found = rate_ratio((30, 100), (60, 120))
    assert found.value == pytest.approx(expected.relative_risk)
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert (rate_ratio((0, 10), (5, 10)).value, rate_ratio((0, 10), (5, 10)).low, rate_ratio((5, 10), (0, 10)).value) == (0.0, None, None)


def test_a_number_has_256_bins_of_equal_mass_and_counts_every_row() -> None:
    values = np.append(DRAW.normal(size=10_000), [np.nan] * 7)
    found = number_profile(values)
    assert (len(found.counts), found.missing, sum(found.counts)) == (256, 7, 10_000)
    assert max(found.counts) <= 41
    assert number_profile(values, found.edges) == found


def test_hostile_columns_have_profiles() -> None:
    assert number_profile(np.full(9, np.nan)).counts == [0]
    assert number_profile(np.full(9, 3.0)).counts == [9]
    assert number_profile(np.empty(0)).low is None
    half = number_profile(np.append(np.zeros(500), np.arange(1, 501)))
    assert half.counts[0] == 500
    assert number_profile(np.array([np.inf, 1.0])).missing == 1
    many = category_profile(np.arange(1000.0), [str(at) for at in range(1000)])
    assert (len(many.levels), many.other) == (256, 744)
