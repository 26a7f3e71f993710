"""Idempotency keys on record: the request that first used each key, and its answers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row

from backend.db.identifiers import quoted
from backend.inference_log import idempotency_repository
from backend.inference_log.errors import InferenceNotFound
from backend.work.unit import UnitOfWork
from schemas.inference import Explanation, Output, Prediction

KEY_LIFETIME = timedelta(hours=24)
"""How long an idempotency key keeps its first answer."""


class FirstUse(NamedTuple):
    """A key's first use: a digest of the request, and the places of its answers."""

    digest: bytes
    inference_ids: Sequence[UUID]
    table: str


class LoggedAnswer(NamedTuple):
    """A logged answer, and the version that gave it."""

    answer: Prediction
    version_id: UUID


async def first_use(work: UnitOfWork, group_id: UUID, key: str) -> FirstUse | None:
    """Return a key's first use; None for a new key, or one older than a day."""
    row = await idempotency_repository.find(work.session, group_id, key, work.now - KEY_LIFETIME)
    return FirstUse(row.asked, row.inference_ids, row.table_name) if row else None


async def answers(work: UnitOfWork, use: FirstUse, explain: bool) -> list[LoggedAnswer]:
    """Return a key's answers in the requested order, with explanations if `explain`. Raises InferenceNotFound when one is no longer kept."""
    by_id = {row.inference_id: row for row in await idempotency_repository.rows(work.session, quoted(use.table), use.inference_ids)}
    if len(by_id) < len(use.inference_ids):
        raise InferenceNotFound("This key's answer is no longer kept. Send the request with a new key.")
    rows = [by_id[identifier] for identifier in use.inference_ids]
    return [LoggedAnswer(_prediction(row, explain), row.model_version_id) for row in rows]


async def claim(work: UnitOfWork, group_id: UUID, claims: Sequence[tuple[str, bytes, Sequence[UUID]]]) -> set[str]:
    """Claim keys, each with the digest of its request and its inferences. Return the keys that were free. It waits for a transaction that claims the same
    key.
    """
    return await idempotency_repository.claim(work.session, work.tenant_id, group_id, claims, work.now, work.now - KEY_LIFETIME)


async def prune(work: UnitOfWork, group_id: UUID) -> None:
    """Remove the group's keys that are older than a day."""
    await idempotency_repository.prune(work.session, work.tenant_id, group_id, work.now - KEY_LIFETIME)


def _prediction(row: Row[Any], explain: bool) -> Prediction:
    return Prediction(
        inference_id=row.inference_id,
        version=row.version,
        role=row.role,
        phase=row.phase,
        score=row.score,
        label=row.label,
        output=msgspec.convert(row.output, Output),
        explanation=msgspec.convert(row.explanation, Explanation) if explain and row.explanation else None,
        stale=row.stale,
        latency_us=row.latency_us,
        decision=row.decision,
        decision_rule=row.decision_rule,
        explored=row.lot is not None and row.lot < row.lot_propensity,
    )
