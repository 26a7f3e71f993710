"""Champion against challenger where outcomes exist for approved applications only: how often a winner is named that is none, and a real one found.

Each run is a phase of ROWS applications, half by each version's decision, both scores logged, looked at 20 times. At each look the product's own
functions judge: the decision metric among a version's own approved, held back where outcomes are selective (`backend.comparison.selection`); the Brier
score where both would approve, and value per application (`backend.comparison.identified`).

- same model: one model at the cut-offs 0.15 and 0.30. A winner on quality is false. (On value one of the cut-offs truly is better.)
- equal: two models of the same quality. At one cut-off any winner is false, on quality or on value; at two, one on quality. The larger share counts.
- better: the challenger ranks better and approves more; its value per application is 0.1 standard deviations higher.
- explored: 2 % of the would-be declines in a band are approved by lot, and some applicants apply twice. How often the 95 % intervals hold the truth of
  everyone up to the band's edge; the least of bad rate, Brier score, ROC AUC and calibration.

`naive`: the usual test at 5 % of the Brier score among each version's own approved. The last line is JSON.
"""

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

import numpy as np

from backend.comparison import identified
from backend.comparison.selection import Mature, selection_of
from backend.comparison.verdict import Rule, Side, judge, losses_of
from backend.groups.buckets import BUCKETS
from backend.numerics.selective import propensity
from backend.numerics.selective.propensity import Weighted
from backend.numerics.selective.value import sums_of
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.counted import Counted, of_rows
from backend.numerics.statistics.estimate import Estimate, Floats
from backend.numerics.statistics.sketch import clustered
from benchmarks.sim_aa import member
from schemas.groups import MemberRole

LOOKS = 20
NAIVE = 1.959964
CENTRE, SPREAD = -1.6, 1.1
EARNS, LOSES = 1.0, -5.0
"""A good client earns 1 and a missed payment costs 5 of it: the best cut-off is a probability of 1/6."""
BEST = EARNS / (EARNS - LOSES)
WORSE, STRICT, GAP = 1.0, 0.12, 0.1
LOT, LOT_CUT, LOT_EDGE = 0.02, 0.15, 0.4
FIGURES = {
    "bad rate": propensity.bad_rate,
    "Brier score": propensity.brier,
    "ROC AUC": propensity.roc_auc,
    "calibration": propensity.calibration_in_the_large,
}


@dataclass(frozen=True)
class Design:
    """Two models, each with the noise of its scores (in logits) and its cut-off. `same`: one model's scores serve both."""

    rows: int
    noise: tuple[float, float]
    cuts: tuple[float, float]
    same: bool = False


@dataclass(frozen=True)
class Found:
    """Of one run, at any look: the version that led on quality, on value (0 the champion, 1 the challenger), and by the usual test."""

    quality: int | None
    value: int | None
    naive: int | None


def score_of(logit: Floats, noise: float, random: np.random.Generator) -> Floats:
    """A calibrated score of applicants with these true logits [n]."""
    seen = logit + random.normal(0, noise, len(logit))
    kept = SPREAD**2 / (SPREAD**2 + noise**2)
    mean, left = CENTRE + kept * (seen - CENTRE), kept * noise**2
    return np.asarray(1 / (1 + np.exp(-mean / np.sqrt(1 + np.pi * left / 8))), dtype=np.float64)


def simulate(design: Design, seed: int) -> Found:
    """One run, looked at twenty times."""
    random = np.random.default_rng(seed)
    n = design.rows
    logit = random.normal(CENTRE, SPREAD, n)
    truth = (random.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    first = score_of(logit, design.noise[0], random)
    scores = np.stack([first, first if design.same else score_of(logit, design.noise[1], random)])
    bucket = random.integers(0, BUCKETS, n)
    arm = bucket % 2
    approves = scores < np.array(design.cuts)[:, None]
    strict = identified.both_approve(*(scores < cut for cut in design.cuts))
    approved = approves[arm, np.arange(n)]
    seen = np.where(approved, truth, np.nan)
    worth = np.where(approved, np.where(truth == 1, LOSES, EARNS), 0.0)
    quality = value = naive = None
    for upto in np.linspace(n / LOOKS, n, LOOKS).astype(int).tolist():
        part = slice(0, upto)
        sides = [(arm[part] == side) for side in (0, 1)]
        own = [_counted(scores[side][part][mine], seen[part][mine], bucket[part][mine]) for side, mine in enumerate(sides)]
        quality = quality if quality is not None else _quality(own, scores[:, part], seen[part], strict[part], bucket[part])
        if value is None:
            sums = [sums_of(worth[part][mine], ~approved[part][mine] * 1.0, (bucket[part][mine] % CLUSTERS).astype(float), CLUSTERS) for mine in sides]
            value = _leader(identified.value(*sums))
        naive = naive if naive is not None else _naive(own)
    return Found(quality, value, naive)


def _counted(scores: Floats, seen: Floats, bucket: Floats) -> Counted:
    return of_rows(scores, seen, np.full(len(scores), np.nan), 0, clustered(bucket.astype(np.int64), scores, seen, 0.5))


def _quality(own: list[Counted], scores: Floats, seen: Floats, both: Floats, bucket: Floats) -> int | None:
    """What the comparison says of quality: the verdict among the own approved unless it is held back, and the one where both would approve."""
    members = [member(side, 1, 0.5) for side in (0, 1)]
    if not selection_of([Mature(one, counted) for one, counted in zip(members, own, strict=True)]).selective:
        champion, challenger = (Side(one, [losses_of(counted, "brier", Rule(0.5))]) for one, counted in zip(members, own, strict=True))
        judged = judge(champion, [challenger], "brier")
        if judged.leader is not None:
            return int(judged.leader.role is MemberRole.CHALLENGER)
    return _leader(identified.quality(identified.overlap(scores[0], scores[1], seen, both, bucket)))


def _leader(found: identified.Sequence) -> int | None:
    return int((found.low or 0.0) > 0) if found.decided else None


def _naive(own: list[Counted]) -> int | None:
    moments = [losses_of(counted, "brier", Rule(0.5)) for counted in own]
    if min(one.n for one in moments) < 100:
        return None
    error = np.sqrt(sum(one.deviations / (one.n - 1) / one.n for one in moments))
    gap = moments[0].mean - moments[1].mean
    return int(gap > 0) if abs(gap) > NAIVE * error else None


def explored(rows: int, seed: int) -> dict[str, Estimate]:
    """The figures of everyone up to the edge from one run with a lot, half of whose applicants apply twice."""
    random = np.random.default_rng(seed)
    who = random.integers(0, round(rows / 1.5), rows)
    logit = random.normal(CENTRE, SPREAD, rows)[who]
    truth = (random.random(rows)[who] < 1 / (1 + np.exp(-logit))).astype(np.float64)
    scores = score_of(logit, 0.8, random)
    chance = np.where(scores < LOT_CUT, 1.0, np.where(scores < LOT_EDGE, LOT, 0.0))
    found = Weighted.of(scores, np.where(random.random(rows) < chance, truth, np.nan), chance, who)
    return {name: figure(found) for name, figure in FIGURES.items()}


@lru_cache
def truths() -> dict[str, float]:
    """The same of three million applicants with every outcome known."""
    random = np.random.default_rng(999_999)
    logit = random.normal(CENTRE, SPREAD, 3_000_000)
    truth, scores = (random.random(len(logit)) < 1 / (1 + np.exp(-logit))).astype(np.float64), score_of(logit, 0.8, random)
    inside = scores < LOT_EDGE
    everyone = Weighted.of(scores[inside], truth[inside], np.ones(int(inside.sum())))
    return {name: figure(everyone).value or 0.0 for name, figure in FIGURES.items()}


def noise_of_the_better() -> float:
    """The challenger's noise at which its value per application is `GAP` standard deviations above the champion's."""
    random = np.random.default_rng(5)
    logit = random.normal(CENTRE, SPREAD, 1_000_000)
    worth = np.where(random.random(len(logit)) < 1 / (1 + np.exp(-logit)), LOSES, EARNS)
    champion = np.where(score_of(logit, WORSE, random) < STRICT, worth, 0.0)
    low, high = 0.0, WORSE
    for _ in range(12):
        middle = (low + high) / 2
        gap = float(np.where(score_of(logit, middle, random) < BEST, worth, 0.0).mean() - champion.mean())
        low, high = (middle, high) if gap > GAP * float(champion.std()) else (low, middle)
    return low


def runs_of(design: Design, runs: int, seed: int, pool: ProcessPoolExecutor) -> list[Found]:
    """Simulate this number of runs of a design."""
    return list(pool.map(simulate, repeat(design, runs), range(seed, seed + runs), chunksize=max(runs // 40, 1)))


def share(found: list[bool]) -> float:
    """Of all runs, rounded."""
    return round(float(np.mean(found)), 4)


def main() -> None:
    """Print what each design gives."""
    parser = argparse.ArgumentParser(prog="make sim-selective", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    begun = time.monotonic()
    truths()  # before the processes begin, which inherit it
    better = noise_of_the_better()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        same = runs_of(Design(options.rows, (0.8, 0.8), (0.15, 0.30), same=True), options.runs, 1, pool)
        equal = runs_of(Design(options.rows, (0.8, 0.8), (0.2, 0.2)), options.runs, 100_000, pool)
        apart = runs_of(Design(options.rows, (0.8, 0.8), (0.15, 0.30)), options.runs, 150_000, pool)
        real = runs_of(Design(options.rows, (WORSE, better), (STRICT, BEST)), options.runs, 200_000, pool)
        figures = list(pool.map(explored, repeat(options.rows, options.runs), range(300_000, 300_000 + options.runs), chunksize=max(options.runs // 40, 1)))
    held = {name: share([(one[name].low or 0.0) <= truth <= (one[name].high or 0.0) for one in figures]) for name, truth in truths().items()}
    print(f"  one model at two cut-offs: a winner on value in {share([one.value is not None for one in same]):.1%} (they differ)")
    print(f"  equal models: a winner on quality in {share([one.quality is not None for one in equal]):.1%}, on value in", end=" ")
    print(f"{share([one.value is not None for one in equal]):.1%}; by the usual test in {share([one.naive is not None for one in equal]):.1%}")
    print(f"  equal models at two cut-offs: a winner on quality in {share([one.quality is not None for one in apart]):.1%}")
    led = share([one.value == 1 for one in real])
    worse = share([one.naive == 0 for one in real])
    print(f"  a better challenger that approves more: led on value in {led:.1%}; the usual test calls it worse in {worse:.1%};")
    better_pairs, worse_pairs = (share([one.quality == side for one in real]) for side in (1, 0))
    print(f"    on quality, where both would approve, better in {better_pairs:.1%} and worse in {worse_pairs:.1%}")
    print(f"  intervals with {LOT:.0%} explored hold the truth: {', '.join(f'{name} {part:.1%}' for name, part in held.items())}")
    print(f"  {options.runs} runs of {options.rows:,} applications each, {time.monotonic() - begun:.0f} s")
    print(
        json.dumps(
            {
                "false_winner_same_model": share([one.quality is not None for one in same]),
                "false_winner_equal": max(
                    share([one.quality is not None or one.value is not None for one in equal]), share([one.quality is not None for one in apart])
                ),
                "power_better": led,
                "coverage_explored": min(held.values()),
                "naive_same_model": share([one.naive is not None for one in same]),
                "runs": options.runs,
            }
        )
    )


if __name__ == "__main__":
    main()
