"""Which cohorts are old enough, and what looking a hundred times while outcomes come in does to the verdict."""

from uuid import UUID

import numpy as np
import pytest

from backend.comparison.maturity import Cohort, boundaries, cut
from benchmarks.sim_aa import Design, rates, simulate

A, B = UUID(int=1), UUID(int=2)
HOUR = 3_600


def cohorts(shares: list[float], n: int = 1_000) -> list[Cohort]:
    """One an hour, of so many requests, with these shares of outcomes in."""
    return [Cohort(at * HOUR, HOUR, n, round(n * share)) for at, share in enumerate(shares)]


def test_the_newest_cohorts_are_left_out_until_every_contenders_outcomes_have_arrived() -> None:
    quick, slow = [0.8] * 9 + [0.3], [0.8] * 7 + [0.6, 0.2, 0.0]
    found = cut({A: cohorts(quick), B: cohorts(slow)}, 10 * HOUR, None)
    assert (found.policy, found.at) == ("automatic", 7 * HOUR)
    assert cut({A: cohorts(quick)}, 10 * HOUR, None).at == 9 * HOUR


def test_nothing_is_left_out_where_outcomes_come_at_once_or_not_at_all() -> None:
    for share in (1.0, 0.6, 0.0):
        assert cut({A: cohorts([share] * 5), B: cohorts([share] * 5, 10)}, 5 * HOUR, None).at is None
    assert cut({A: [], B: []}, 5 * HOUR, None).at is None


def test_a_stated_age_holds_whatever_has_arrived() -> None:
    mine = {A: cohorts([1.0] * 10)}
    assert cut(mine, 10 * HOUR, 3.5).at == 6 * HOUR
    assert cut(mine, 10 * HOUR, 0.0).at is None
    young = cut(mine, 10 * HOUR, 50.0)
    assert not any(young.takes(one.start, one.seconds) for one in mine[A])


def test_spans_of_different_lengths_are_cut_only_where_all_of_them_end() -> None:
    spans = [Cohort(0, 4 * HOUR, 1, 1), Cohort(4 * HOUR, HOUR, 1, 1), Cohort(3 * HOUR, HOUR, 1, 1), Cohort(5 * HOUR, HOUR, 1, 1)]
    assert boundaries(spans).tolist() == [4 * HOUR, 5 * HOUR, 6 * HOUR]
    assert boundaries([Cohort(0, 4 * HOUR, 1, 1), Cohort(2 * HOUR, HOUR, 1, 1)]).tolist() == [4 * HOUR]


def test_equal_versions_looked_at_a_hundred_times_while_outcomes_come_in_name_a_winner_in_at_most_one_run_in_twenty() -> None:
    found = [simulate(Design(rows=20_000), seed) for seed in range(100)]
    assert np.mean([one.named for one in found]) <= 0.05
    assert np.mean([one.naive for one in found]) > 0.2, "the usual test is fooled, or the runs are too easy"


def test_applicants_who_ask_again_and_again_make_no_winner_either() -> None:
    found = [simulate(Design(rows=10_000, repeats=5), seed) for seed in range(100)]
    assert np.mean([one.named for one in found]) <= 0.05


def test_a_better_challenger_is_found_and_rightly() -> None:
    found = [simulate(Design(rows=60_000, better=0.1), seed) for seed in range(8)]
    assert all(one.right for one in found)


@pytest.mark.parametrize(("hours", "fooled"), [(25.0, False), (0.0, True)])
def test_a_version_that_is_better_only_where_outcomes_are_quick_wins_nothing_at_a_stated_age(hours: float, fooled: bool) -> None:
    named, _, _ = rates(Design(rows=40_000, skew=0.4, hours=hours), 40, 1)
    assert named > 0.3 if fooled else named <= 0.1
