"""Counts of a group's log: totals, recent minutes, and requests that passed a version over."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.inference_log import queries
from backend.work.unit import UnitOfWork


class LogTotals(NamedTuple):
    """Numbers of rows. `total` and `labelled` (rows with an outcome) exclude shadows; `waiting_explanation` includes them."""

    total: int
    labelled: int
    waiting_explanation: int
    shadow_scored: int
    shadow_failed: int


class MinuteCount(NamedTuple):
    """The predictions of one version in one minute."""

    minute: datetime
    version_id: UUID
    version: str
    predictions: int


class PassedOver(NamedTuple):
    """Requests that a version did not answer, and the features they lacked ("a, b")."""

    version: str
    lacks: str
    requests: int


async def totals(work: UnitOfWork, table: str) -> LogTotals:
    """Return the numbers of rows of a log, without imported ones."""
    return LogTotals(**(await queries.totals(work.session, table))._mapping)


async def minutes(work: UnitOfWork, table: str, since: datetime) -> list[MinuteCount]:
    """Return predictions by minute and version, oldest first."""
    return [MinuteCount(row.minute, row.model_version_id, row.version, row.predictions) for row in await queries.minutes(work.session, table, since)]


async def passed_over(work: UnitOfWork, table: str, phase: int, since: datetime, marker: str) -> list[PassedOver]:
    """Return requests of a phase (opened at `since`) whose note says "version, marker, what they lacked", the most frequent first."""
    return [PassedOver(row.version, row.lacks, row.requests) for row in await queries.passed_over(work.session, table, phase, since, marker)]


async def unread(work: UnitOfWork, table: str, names: Sequence[str], most: int) -> list[tuple[str, int]]:
    """Return inputs of the latest `most` requests that are none of the named features, each with its number of requests, the most frequent first."""
    return await queries.unread(work.session, table, names, most)
