"""Approves a small share of would-be declines by lot, where the group explores."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from backend.decisions import exploration
from backend.decisions.lots import lot_of
from backend.errors import HubError
from backend.groups.buckets import PREFERRED
from backend.hub import Hub
from backend.serving.answers import PredictionRequest
from backend.serving.prepare import Case
from schemas.exploration import RunningExploration

log = logging.getLogger("tiltyard.exploration")
RESERVE_SECONDS = 1.0
"""Seconds. An answer waits at most this long for a place of the budget; then nobody is approved by lot."""


async def explore(hub: Hub, request: PredictionRequest, cases: Sequence[Case]) -> None:
    """Draw lots for decided cases in the band, and approve the winners for which the budget has a place.

    Without a place, or without PostgreSQL, nobody is approved. A winner without a place keeps its lot, with the chance 0: the log shows how many there were.
    """
    running = request.group.facts.answering.exploration
    if running is None or not request.controlled:
        return
    drawn = [case for case in cases if in_band(case, running, request.at)]
    for case in drawn:
        case.lot = lot_of(running.id, request.group.facts.salt, request.body.entity_key or str(case.id))
        case.lot_propensity = running.share
    winners = [case for case in drawn if case.lot is not None and case.lot < running.share]
    if not winners:
        return
    granted = await _reserve(hub, request, running, len(winners))
    for case in winners[:granted]:
        case.decision = running.decision
    for case in winners[granted:]:
        case.lot_propensity = 0.0


def in_band(case: Case, running: RunningExploration, now: datetime) -> bool:
    """Return whether the lot may approve a case: declined by the rule of the version that its bucket chose, with a score in the band."""
    chosen = case.status == "ok" and case.propensity != PREFERRED
    return chosen and case.decision is not None and case.decision not in running.approves and running.low <= case.score < running.high and now < running.until


async def _reserve(hub: Hub, request: PredictionRequest, running: RunningExploration, wanted: int) -> int:
    try:
        async with asyncio.timeout(RESERVE_SECONDS):
            return await exploration.reserve(hub, request.actor, request.group.facts.slug, running, wanted)
    except (TimeoutError, SQLAlchemyError, OSError, HubError):
        log.warning("group %s explores nothing now: PostgreSQL gave no place of the budget", request.group.facts.slug)
        return 0
