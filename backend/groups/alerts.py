"""Alerts of groups: answers that are halted."""

from collections.abc import Sequence

from backend.declarations.alerts import AlertKind, Check, CheckContext, Finding
from backend.groups import service
from backend.groups.halt import list_halts
from backend.hub import Hub
from backend.work.unit import UnitOfWork
from schemas.alerts import Severity
from schemas.groups import Halt, ListHalts

GROUP_HALTED = AlertKind(
    "group.halted",
    Severity.CRITICAL,
    "A group is halted: it answers nobody.",
    "Fix the reason for the halt. Then one person asks to resume the group, and a second person confirms.",
)
VERSION_HALTED = AlertKind(
    "version.halted",
    Severity.HIGH,
    "A version is halted in every group.",
    "Give its place in each group to another version, or resume it: one person asks, and a second person confirms.",
)


def checks(context: CheckContext[Hub]) -> Sequence[Check[UnitOfWork]]:
    """Check both kinds."""
    return [Check((GROUP_HALTED, VERSION_HALTED), halted)]


async def halted(work: UnitOfWork) -> list[Finding]:
    """Return every halt in force of a version, or of a group that exists."""
    there = {group.slug for group in await service.list_groups(work)}
    halts = await list_halts(work, ListHalts(in_force=True))
    return [_found(one) for one in halts if one.slug is None or one.slug in there]


def _found(halt: Halt) -> Finding:
    why = f", because: {halt.reason}" if halt.reason else ""
    waits = f" {halt.requested_by} asks to resume it." if halt.requested_by else ""
    if halt.slug is not None:
        return GROUP_HALTED.found(f"group:{halt.slug}", f"Group {halt.slug} is halted: it answers nobody. {halt.by} halted it{why}.{waits}")
    name = f"{halt.label} of {halt.model_name}" if halt.model_name else str(halt.label)
    return VERSION_HALTED.found(f"version:{halt.version_id}", f"{name} is halted in every group. {halt.by} halted it{why}.{waits}")
