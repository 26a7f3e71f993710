"""Alerts of decisions: explorations that spent their budget."""

from collections.abc import Sequence
from datetime import timedelta

from backend.decisions import repository
from backend.declarations.alerts import AlertKind, Check, CheckContext, Finding
from backend.groups import service as groups
from backend.hub import Hub
from backend.plural import plural
from backend.work.unit import UnitOfWork
from schemas.alerts import Severity

SHOWN_FOR = timedelta(days=7)
EXPLORATION_SPENT = AlertKind(
    "group.exploration_spent",
    Severity.LOW,
    "An exploration spent its budget and ended.",
    "Nobody is approved by lot now. See in the comparison whether enough became known, or ask for another. This closes after a week, or with the next request.",
)


def checks(context: CheckContext[Hub]) -> Sequence[Check[UnitOfWork]]:
    """Check the kind."""
    return [Check((EXPLORATION_SPENT,), spent)]


async def spent(work: UnitOfWork) -> list[Finding]:
    """Return groups whose newest exploration spent its budget within the last week."""
    ended = {row.group_id: row.allowed for row in await repository.spent_explorations(work.session, work.tenant_id, work.now - SHOWN_FOR)}
    if not ended:
        return []
    there = [(group.slug, ended[group.id]) for group in await groups.list_groups(work) if group.id in ended]
    words = {slug: f"The exploration of {slug} made its last of {plural(most, 'approval')}, and ended." for slug, most in there}
    return [EXPLORATION_SPENT.found(f"group:{slug}", said) for slug, said in words.items()]
