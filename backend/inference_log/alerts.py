"""Alerts of the inference log: entries that cannot be stored, explanations that do not add up."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from backend.declarations.alerts import AlertKind, Check, CheckContext, Finding
from backend.groups import service as groups
from backend.hub import Hub
from backend.inference_log import repository
from backend.inference_log.events import EXPLANATIONS_DOUBTED
from backend.inference_log.redis.keys import dead_key
from backend.live import service as live
from backend.work.unit import UnitOfWork
from schemas.alerts import Severity

DEAD_LETTERS = AlertKind(
    "log.dead_letters",
    Severity.CRITICAL,
    "Predictions were answered but cannot be stored in their log.",
    "Nothing is lost: Redis keeps the entries aside. The worker's log says why each was refused. Fix that cause, then replay them.",
)
RESIDUAL = AlertKind(
    "explanation.residual",
    Severity.MEDIUM,
    "Explanations do not add up to the model's output.",
    "Do not rely on the marked explanations. Compare the artifact with the model it was exported from; the alert closes an hour after the last such row.",
)
DOUBT_LASTS = timedelta(hours=1)


def checks(context: CheckContext[Hub]) -> Sequence[Check[UnitOfWork]]:
    """Run one check per kind."""
    return [Check((DEAD_LETTERS,), dead_letters), Check((RESIDUAL,), doubted)]


async def dead_letters(work: UnitOfWork) -> list[Finding]:
    """Return groups, deleted ones included, with the number of their entries that cannot be stored."""
    ids = await repository.group_ids(work.session, work.tenant_id)
    async with work.hub.redis.pipeline(transaction=False) as pipe:
        for group_id in ids:
            pipe.llen(dead_key(group_id))
        lengths = await pipe.execute() if ids else []
    waiting = {group_id: count for group_id, count in zip(ids, lengths, strict=True) if count}
    slugs = {group.id: group.slug for group in await groups.list_groups(work)} if waiting else {}
    named = ((slugs.get(group_id, f"{group_id} (deleted)"), count) for group_id, count in waiting.items())
    return [DEAD_LETTERS.found(f"group:{name}", unstored(name, count)) for name, count in named]


async def doubted(work: UnitOfWork) -> list[Finding]:
    """Return groups with explanations of the last hour that do not add up."""
    there = {group.slug for group in await groups.list_groups(work)}
    noticed = await live.newest(work, EXPLANATIONS_DOUBTED, since=work.now - DOUBT_LASTS)
    return [RESIDUAL.found(f"group:{slug}", residual(slug, one.payload)) for slug, one in noticed.items() if slug in there]


def unstored(slug: str, count: int) -> str:
    """Return the alert's text.

    >>> unstored("credit", 1)
    '1 prediction of the group credit was answered but cannot be stored in its log.'
    """
    many = f"{count} predictions of the group {slug} were" if count != 1 else f"1 prediction of the group {slug} was"
    return f"{many} answered but cannot be stored in its log."


def residual(slug: str, noticed: Mapping[str, object]) -> str:
    """Return the alert's text, with the worst gap of the newest batch.

    >>> residual("credit", {"worst": 0.02})
    "Explanations of the group credit do not add up to the model's output, lately by 2e-02."
    """
    worst = noticed.get("worst")
    gap = f", lately by {worst:.0e}" if isinstance(worst, float) else ""
    return f"Explanations of the group {slug} do not add up to the model's output{gap}."
