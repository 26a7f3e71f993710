"""From a score to a decision: each case by the rule of the version that answers it."""

from collections.abc import Iterable

from backend.serving.prepare import Case


def decide(cases: Iterable[Case]) -> None:
    """Give scored cases their decisions. A case that failed, or has no score, gets none."""
    for case in cases:
        if (rule := case.member.rule) is not None and case.status != "failed":
            case.decision = rule.decide(case.score, case.inputs)
