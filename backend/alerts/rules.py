"""What is an alert, in words: the fact, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

DEAD_LETTERS = "log.dead_letters"
NO_WORKER = "worker.none"
RAMP_ROLLED_BACK = "group.ramp_rolled_back"
RESIDUAL = "explanation.residual"
SAMPLE_RATIO = "group.sample_ratio"
UNLOADABLE = "version.unloadable"


@dataclass(frozen=True)
class Finding:
    """A fact that somebody should know. Its words change only when the fact does: each change is told to everybody who watches."""

    kind: str
    subject: str
    severity: Literal["warning", "critical"]
    message: str
    recommendation: str


def dead_letters(slug: str, count: int) -> Finding:
    """Entries of a group's intake that cannot be stored.

    >>> dead_letters("credit", 1).message
    '1 prediction of the group credit was answered but cannot be stored in its log.'
    """
    many = f"{count} predictions of the group {slug} were" if count != 1 else f"1 prediction of the group {slug} was"
    return Finding(
        DEAD_LETTERS,
        f"group:{slug}",
        "critical",
        f"{many} answered but cannot be stored in its log.",
        "Nothing is lost: the entries are kept aside in Redis. The worker's log says why each was refused; mend that cause, then put them back.",
    )


def no_worker() -> Finding:
    """Nobody drains, explains, or carries out runs."""
    return Finding(
        NO_WORKER,
        "hub",
        "critical",
        "No worker is alive. Predictions are answered and on record, but not moved to their tables, explained, or compared.",
        "Start one with `tiltyard worker`; what has waited is then worked off by itself.",
    )


def unloadable(slug: str, label: str, version_id: str, why: str) -> Finding:
    """A version that should answer and cannot."""
    return Finding(
        UNLOADABLE,
        f"group:{slug}/version:{version_id}",
        "critical",
        f"{label} has a place in the group {slug} but does not load: {why}",
        "Restore the data folder's artifacts and restart the hub, or open the group's Split and give its place to another version.",
    )


def sample_ratio(slug: str, phase: int, members: Sequence[tuple[str, float, float]]) -> Finding:
    """Traffic that is not shared as it was asked to be: each member's label, share asked for, share seen.

    >>> sample_ratio("credit", 2, [("v1.2", 0.9, 0.702), ("v1.3", 0.1, 0.298)]).message
    'In phase 2 the traffic of the group credit is not shared as its split says: v1.2 70 % of 90 %, v1.3 30 % of 10 %.'
    """
    seen = ", ".join(f"{label} {found:.0%} of {asked:.0%}" for label, asked, found in members).replace("%", " %")
    return Finding(
        SAMPLE_RATIO,
        f"group:{slug}",
        "warning",
        f"In phase {phase} the traffic of the group {slug} is not shared as its split says: {seen}.",
        "Do not decide on this comparison. Look for a challenger that falls back to the champion, and for callers that repeat some kinds of request.",
    )


def ramp_rolled_back(slug: str, label: str, why: str) -> Finding:
    """A challenger that broke a guardrail."""
    return Finding(
        RAMP_ROLLED_BACK,
        f"group:{slug}",
        "warning",
        f"The ramp of {label} in the group {slug} rolled back: {why}.",
        "The champion has the traffic again. The ramp's record shows the figures; this closes when the group's next phase opens.",
    )


def residual(slug: str, noticed: Mapping[str, object]) -> Finding:
    """Explanations that do not explain the whole output, as they were last noticed."""
    worst = noticed.get("worst")
    gap = f", lately by {worst:.0e}" if isinstance(worst, float) else ""
    return Finding(
        RESIDUAL,
        f"group:{slug}",
        "warning",
        f"Explanations of the group {slug} do not add up to the model's output{gap}.",
        "Do not rely on the marked explanations. Compare the artifact with the model it was exported from; this closes an hour after the last such row.",
    )
