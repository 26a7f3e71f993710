"""The swap set of a shadow: applications that only it, or only the version that answered, would approve."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import Row

from backend.decisions import actions, repository
from backend.decisions.decision_rule import DECLINE
from backend.decisions.errors import NoShadow, VersionNotLogged
from backend.decisions.service import DecisionFacts, facts_of
from backend.decisions.value import columns_needed, number, values_of
from backend.groups import service as groups
from backend.ids import first_id_at
from backend.numerics.selective.swap_set import swap_set
from backend.numerics.statistics.estimate import Floats
from backend.plural import plural
from backend.work.unit import UnitOfWork
from schemas.common import Interval
from schemas.comparison import MetricEstimate
from schemas.groups import Group, GroupRef, MemberRole
from schemas.swap_sets import AskSwapSet, SwapPart, SwapSet

NAMES = ("both", "only_answered", "only_shadow", "neither")


async def swap(work: UnitOfWork, input: AskSwapSet) -> SwapSet:
    """Return the swap set on the latest mature applications. Raises GroupNotFound, NoShadow, VersionNotLogged."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    shadow = await _shadow(work, group, input.shadow)
    facts = await facts_of(work, group.id)
    until = first_id_at(work.now - timedelta(hours=group.settings.maturity_hours or 0.0))
    rows = await repository.copied(work.session, group.table_name, shadow[0], until, input.most)
    work.audit_read(actions.DECISIONS_SWAP_SET, f"group:{group.slug}")
    return await asyncio.to_thread(swap_set_of, group.slug, shadow[1], rows, facts)


def swap_set_of(slug: str, shadow: str, rows: Sequence[Row[Any]], facts: DecisionFacts) -> SwapSet:
    """Return the swap set of rows with both decisions, an outcome where there is one, and the inputs.

    What the lot of an exploration approved was declined by the rule: its outcome is known, and tells of what only the shadow would approve.
    """
    approves = facts.settings.approves
    answered = [DECLINE if row.by_lot else row.answered for row in rows]
    copied = [row.copied for row in rows]
    first, second = (np.array([one in approves for one in decisions], dtype=bool) for decisions in (answered, copied))
    actuals = np.array([np.nan if row.actual is None else row.actual for row in rows], dtype=np.float64)
    actuals[~np.isin(actuals, (0.0, 1.0))] = np.nan
    worths = [_worths(facts, decisions, rows, actuals) for decisions in (answered, copied)]
    masks = (first & second, first & ~second, ~first & second, ~first & ~second)
    parts = [_part(name, found, [worth[mask] for worth in worths]) for name, found, mask in zip(NAMES, swap_set(first, second, actuals), masks, strict=True)]
    return SwapSet(
        slug=slug,
        shadow=shadow,
        answered=sorted({row.version for row in rows}),
        rows=len(rows),
        currency=facts.value_table.currency if facts.value_table else None,
        parts=parts,
        words=_words(shadow, len(rows), parts),
    )


async def _shadow(work: UnitOfWork, group: Group, label: str | None) -> tuple[Any, str]:
    """Return the id and the label of a version that was a shadow of the group."""
    phases = await groups.list_phases(work, GroupRef(slug=group.slug))
    shadows = [member for phase in phases for member in phase.members if member.role is MemberRole.SHADOW]
    if not shadows:
        raise NoShadow
    found = next((one for one in shadows if label in (None, one.label, one.version)), None)
    if found is None:
        raise VersionNotLogged(f"No version {label!r} was ever a shadow of the group {group.slug}.")
    return found.version_id, found.label


def _worths(facts: DecisionFacts, decisions: Sequence[str | None], rows: Sequence[Row[Any]], actuals: Floats) -> Floats:
    """Return the worth [n] of each application by these decisions; NaN while it is not known."""
    if facts.value_table is None:
        return np.full(len(rows), np.nan)
    columns = {name: np.array([number((row.inputs or {}).get(name)) for row in rows], dtype=np.float64) for name in columns_needed(facts.value_table)}
    return values_of(facts.value_table, decisions, actuals, columns).values


def _part(name: Any, found: Any, worths: Sequence[Floats]) -> SwapPart:
    known = [worth[~np.isnan(worth)] for worth in worths]
    means = [float(one.mean()) if len(one) else None for one in known]
    rate = found.bad_rate
    interval = Interval(low=rate.low, high=rate.high) if rate.low is not None and rate.high is not None else None
    return SwapPart(
        name=name,
        n=found.n,
        known=found.known,
        bad=found.bad,
        bad_rate=MetricEstimate(value=rate.value, interval=interval, n=rate.n),
        least=found.least,
        most=found.most,
        answered_value=means[0],
        answered_value_n=len(known[0]),
        shadow_value=means[1],
        shadow_value_n=len(known[1]),
    )


def _words(shadow: str, rows: int, parts: Sequence[SwapPart]) -> str:
    if rows == 0:
        return f"No mature application has decisions of both {shadow} and the version that answered. Both need a decision rule."
    _, lost, gained, _ = parts
    told = f"{shadow} would approve {plural(gained.n, 'application')} that were declined, and decline {lost.n:,} that were approved."
    unknown = gained.n - gained.known
    if gained.known:
        told += f" {gained.known:,} of the {gained.n:,} have an outcome, as a person or the lot of an exploration approved them."
    return told + (f" The outcome of {unknown:,} of the {gained.n:,} is unknown, as they were declined." if unknown else "")
