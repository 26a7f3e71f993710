"""Turns scores into decisions: each case by the rule of the answering version."""

from collections.abc import Iterable

from backend.serving.prepare import Case


def decide(cases: Iterable[Case]) -> None:
    """Set the decisions of scored cases. A case that failed, or has no score, gets none."""
    for case in cases:
        if (rule := case.member.rule) is not None and case.status != "failed":
            case.decision = rule.decide(case.score, case.inputs)
