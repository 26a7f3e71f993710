"""Two equal versions, tested a hundred times while their outcomes arrive late: how often a false winner is named.

Each run is a phase with random assignment. Its outcomes arrive after a delay that differs between yes and no. At each look the product's own code chooses the
cohorts to compare (`backend.comparison.maturity`) and judges them (`backend.comparison.verdict`), corrected for several challengers if there are any. Beside it
runs the usual test at 5 % on the same figures. Then the same with a challenger that really is better. The last line is JSON.
"""

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from uuid import UUID

import numpy as np

from backend.comparison.maturity import Cohort, cut
from backend.comparison.verdict import Side, judge
from backend.groups.buckets import BUCKETS
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.estimate import Floats
from backend.numerics.statistics.sequential import Clustered, Moments
from schemas.groups import Member, MemberRole

LOOKS = 100
SLOTS = 50
NAIVE = 1.959964
BETTER = 0.03


@dataclass(frozen=True)
class Design:
    """A simulated phase. `rows` are spread evenly over it. Outcomes follow after an exponential delay; `slow` is its mean for yes, as a share of the phase.

    `better`: the share by which the first challenger's mean squared error is below the champion's. `challengers` share the champion's remainder. `skew`: the
    share by which its error is lower for outcomes no; for yes it is higher by the balancing amount. While only the quick outcomes are known, it seems better,
    but is not. `repeats`: an applicant's average number of requests, all to the same version, with the same creditworthiness and outcome.
    """

    rows: int = 40_000
    share: float = 0.5
    challengers: int = 1
    quick: float = 0.05
    slow: float = 0.15
    better: float = 0.0
    skew: float = 0.0
    hours: float | None = None
    repeats: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """The result of one run: whether any look named a leader that is better (or seemed so), and whether the usual test would have."""

    named: bool
    right: bool
    naive: bool


def member(number: int, challengers: int, share: float) -> Member:
    """Return a version's name; the champion is number 0."""
    role = MemberRole.CHALLENGER if number else MemberRole.CHAMPION
    points = round(10_000 * (share / challengers if number else 1 - share))
    return Member(
        version_id=UUID(int=number + 1), model_name="m", model_slug="m", version=f"1.{number}", label=f"v1.{number}", role=role, share=points, ranges=[]
    )


def simulate(design: Design, seed: int) -> Outcome:
    """Simulate one run with a hundred looks."""
    random = np.random.default_rng(seed)
    arm, losses, slot, known, bucket = draw(design, random)
    sides = 1 + design.challengers
    members = [member(number, design.challengers, design.share) for number in range(sides)]
    n, labelled, sums, squares = _tables(arm, losses, slot, known, bucket, sides)
    named = right = naive = False
    for look in range(1, LOOKS + 1):
        now = look / LOOKS
        cohorts = {one.version_id: _cohorts(n[at], labelled[look - 1, at].sum(axis=1), look) for at, one in enumerate(members)}
        until = cut(cohorts, now * SLOTS * 3600, design.hours)
        old = SLOTS if until.at is None else round(until.at / 3600)
        moments = [_moments(*(table[look - 1, at, :old].sum(axis=0) for table in (labelled, sums, squares))) for at in range(sides)]
        judged = judge(Side(members[0], moments[:1]), [Side(one, [gone]) for one, gone in zip(members[1:], moments[1:], strict=True)], "brier")
        if judged.leader is not None and not named:
            named, right = True, judged.leader.role is MemberRole.CHALLENGER
        naive = naive or any(_naive(moments[0], other) for other in moments[1:])
    return Outcome(named, right, naive)


def draw(design: Design, random: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return arm, loss, slot, the first look with a known outcome, and the bucket's cluster, of each row [n]."""
    people = round(design.rows / design.repeats)
    who = random.integers(0, people, design.rows) if people < design.rows else np.arange(design.rows)
    chance = random.beta(2, 6, people)
    truth = (random.random(people) < chance)[who]
    chance = chance[who]
    bucket = random.integers(0, BUCKETS, people)
    order = random.permutation(BUCKETS)[bucket]
    challenged = design.share * BUCKETS
    arm = np.where(order < challenged, 1 + order * design.challengers // max(round(challenged), 1), 0)[who]
    logit = np.log(chance / (1 - chance)) + random.normal(0, 0.8, people)[who]
    losses = (1 / (1 + np.exp(-logit)) - truth) ** 2
    made_up = design.skew * losses[~truth].sum() / losses[truth].sum()
    factor = (1 - design.better) * np.where(truth, 1 + made_up, 1 - design.skew)
    losses = np.where(arm == 1, losses * factor, losses)
    asked = random.random(design.rows)
    delay = random.exponential(np.where(truth, design.slow, design.quick))
    return arm, losses, np.floor(asked * SLOTS), np.floor((asked + delay) * LOOKS), bucket[who] % CLUSTERS


def _tables(arm: Floats, losses: Floats, slot: Floats, known: Floats, cluster: Floats, sides: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return requests by side and slot; and count, sum and sum of squares of the outcomes known at each look, by look, side, slot and cluster."""
    n = np.bincount((arm * SLOTS + slot).astype(int), minlength=sides * SLOTS).reshape(sides, SLOTS)
    mine = known < LOOKS
    place = (((known * sides + arm) * SLOTS + slot) * CLUSTERS + cluster)[mine].astype(int)
    parts = (np.bincount(place, weights=weights, minlength=LOOKS * sides * SLOTS * CLUSTERS) for weights in (None, losses[mine], losses[mine] ** 2))
    labelled, sums, squares = (np.cumsum(part.reshape(LOOKS, sides, SLOTS, CLUSTERS), axis=0, dtype=np.float32) for part in parts)
    return n, labelled, sums, squares


def _cohorts(n: Floats, labelled: Floats, look: int) -> list[Cohort]:
    upto = look * SLOTS // LOOKS
    return [Cohort(at * 3600, 3600, seen, known) for at, (seen, known) in enumerate(zip(n[:upto].tolist(), labelled[:upto].tolist(), strict=True))]


def _moments(labelled: Floats, sums: Floats, squares: Floats) -> Moments:
    """Return moments from counts, sums and sums of squares by cluster."""
    n, total = int(labelled.sum()), float(sums.sum())
    return Moments(n, total / n, max(float(squares.sum()) - total**2 / n, 0.0), Clustered(labelled, sums)) if n else Moments(0, 0.0, 0.0)


def _naive(first: Moments, second: Moments) -> bool:
    if min(first.n, second.n) < 100:
        return False
    error = np.sqrt(sum(side.deviations / (side.n - 1) / side.n for side in (first, second)))
    return bool(abs(first.mean - second.mean) > NAIVE * error)


def rates(design: Design, runs: int, seed: int) -> tuple[float, float, float]:
    """Return the shares of runs that named a leader, that named a challenger rightly, and in which the usual test would have named one."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(simulate, repeat(design, runs), range(seed, seed + runs), chunksize=max(runs // 40, 1)))
    return tuple(float(np.mean([getattr(one, name) for one in found])) for name in ("named", "right", "naive"))  # type: ignore[return-value]


def main() -> None:
    """Print both rates, and those of other designs."""
    parser = argparse.ArgumentParser(prog="make sim-aa", description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=40_000, help="of a run without a difference")
    parser.add_argument("--power-rows", type=int, default=200_000, help="of a run in which the challenger is 3 %% better")
    options = parser.parse_args()
    begun = time.monotonic()
    few = max(options.runs // 10, 20)
    false_winner, _, naive = rates(Design(rows=options.rows), options.runs, 1)
    print(f"  equal versions, 50/50, {options.rows:,} rows, {options.runs} runs: a winner in {false_winner:.2%} of them; the usual test in {naive:.1%}")
    for words, design in (
        ("90/10", Design(rows=options.rows, share=0.1)),
        ("three challengers", Design(rows=options.rows, share=0.6, challengers=3)),
        ("a stated window of a fifth of the phase", Design(rows=options.rows, hours=10)),
        ("better for quick outcomes, equally worse for slow ones", Design(rows=options.rows, skew=0.4)),
        ("the same, with a stated window of half the phase", Design(rows=options.rows, skew=0.4, hours=25)),
        ("the same, compared at any age", Design(rows=options.rows, skew=0.4, hours=0)),
        ("applicants who ask twice on average", Design(rows=options.rows, repeats=2)),
        ("five times", Design(rows=options.rows, repeats=5)),
        ("ten times", Design(rows=options.rows, repeats=10)),
        ("five times, 90/10", Design(rows=options.rows, repeats=5, share=0.1)),
    ):
        print(f"  {words}, {few} runs: {rates(design, few, 100_000)[0]:.2%}")
    _, power, _ = rates(Design(rows=options.power_rows, better=BETTER), few, 200_000)
    print(f"  a challenger whose Brier score is {BETTER:.0%} lower, 50/50, {options.power_rows:,} rows, {few} runs: detected in {power:.1%}")
    print(f"  {time.monotonic() - begun:.0f} s")
    print(json.dumps({"false_winner": round(false_winner, 4), "power_at_3pct": round(power, 4), "naive": round(naive, 4), "runs": options.runs}))


if __name__ == "__main__":
    main()
