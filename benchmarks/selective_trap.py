"""The table of docs/guide/decisions.md: one model with two cut-offs, judged on its own approved. `python -m benchmarks.selective_trap`"""

from typing import NamedTuple

import numpy as np

from benchmarks.sim_selective import CENTRE, EARNS, LOSES, SPREAD, score_of

ROWS = 1_000_000
NOISE = 0.5
CUTS = (0.15, 0.30)


class TrapRow(NamedTuple):
    """One cut-off. `brier_approved` is on its own approved, `brier_all` on everyone; `value` is per application, in what a good client earns."""

    cut: float
    approval_rate: float
    bad_rate: float
    brier_approved: float
    brier_all: float
    value: float


def trap(rows: int = ROWS) -> list[TrapRow]:
    """Return the table's rows."""
    random = np.random.default_rng(1)
    logit = random.normal(CENTRE, SPREAD, rows)
    score = score_of(logit, NOISE, random)
    bad = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(float)
    loss = (score - bad) ** 2
    found = []
    for cut in CUTS:
        approved = score < cut
        value = np.where(approved, np.where(bad == 1, LOSES, EARNS), 0.0)
        figures = approved.mean(), bad[approved].mean(), loss[approved].mean(), loss.mean(), value.mean()
        found.append(TrapRow(cut, *map(float, figures)))
    return found


def markdown(rows: list[TrapRow]) -> str:
    """Return the rows as they stand in the guide."""
    return "\n".join(
        f"| {row.cut:.2f} | {row.approval_rate:.0%} | {row.bad_rate:.1%} | {row.brier_approved:.3f} | {row.brier_all:.3f} | {row.value:.3f} |" for row in rows
    )


if __name__ == "__main__":
    print(markdown(trap()))
