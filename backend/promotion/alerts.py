"""Alerts of promotion: ramps that rolled back."""

from collections.abc import Sequence

from backend.declarations.alerts import AlertKind, Check, CheckContext, Finding
from backend.hub import Hub
from backend.promotion import ramp
from backend.work.unit import UnitOfWork
from schemas.alerts import Severity

RAMP_ROLLED_BACK = AlertKind(
    "group.ramp_rolled_back",
    Severity.MEDIUM,
    "A ramp broke a guardrail and returned the traffic to the champion.",
    "The champion has the traffic again. The ramp's record shows the figures; this closes when the group's next phase opens.",
)


def checks(context: CheckContext[Hub]) -> Sequence[Check[UnitOfWork]]:
    """Check the kind."""
    return [Check((RAMP_ROLLED_BACK,), rolled_back)]


async def rolled_back(work: UnitOfWork) -> list[Finding]:
    """Return groups where a ramp rolled back and nobody has changed the split since."""
    told = await ramp.rolled_back(work)
    return [RAMP_ROLLED_BACK.found(f"group:{slug}", f"The ramp of {label} in the group {slug} rolled back: {why}.") for slug, label, why in told]
