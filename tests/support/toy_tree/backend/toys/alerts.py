"""Alerts of toys."""

from collections.abc import Sequence

from backend.declarations.alerts import AlertKind, Check, CheckContext, Finding
from backend.hub import Hub
from backend.toys import service
from backend.work.unit import UnitOfWork
from schemas.alerts import Severity

TOO_HEAVY = AlertKind("toy.too_heavy", Severity.LOW, "A toy weighs more than 100.", "Make a smaller one.")


def checks(context: CheckContext[Hub]) -> Sequence[Check[UnitOfWork]]:
    """One check."""
    return [Check((TOO_HEAVY,), _heavy)]


async def _heavy(work: UnitOfWork) -> list[Finding]:
    return [TOO_HEAVY.found(f"toy:{toy.id}", f"The toy {toy.name} weighs {toy.weight}.") for toy in await service.heavier(work, 100)]
