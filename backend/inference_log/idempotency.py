"""Idempotency keys on record: which request each key was first used for, and the answers that it got."""

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
"""How long an idempotency key stands for its first answer."""


class FirstUse(NamedTuple):
    """What a key was first used for: a digest of the request, and where its answers are."""

    digest: bytes
    inference_ids: Sequence[UUID]
    table: str


class LoggedAnswer(NamedTuple):
    """An answer that is on record, and the version that gave it."""

    answer: Prediction
    version_id: UUID


async def first_use(work: UnitOfWork, group_id: UUID, key: str) -> FirstUse | None:
    """What a key of the group stands for; None for a key that is new, or older than a day."""
    row = await idempotency_repository.find(work.session, group_id, key, work.now - KEY_LIFETIME)
    return FirstUse(row.asked, row.inference_ids, row.table_name) if row else None


async def answers(work: UnitOfWork, use: FirstUse, explain: bool) -> list[LoggedAnswer]:
    """The answers of a key in the order asked, with their explanations if `explain`. Raises InferenceNotFound when one is no longer kept."""
    by_id = {row.inference_id: row for row in await idempotency_repository.rows(work.session, quoted(use.table), use.inference_ids)}
    if len(by_id) < len(use.inference_ids):
        raise InferenceNotFound("The answer to this key is no longer kept.")
    rows = [by_id[identifier] for identifier in use.inference_ids]
    return [LoggedAnswer(_prediction(row, explain), row.model_version_id) for row in rows]


async def claim(work: UnitOfWork, group_id: UUID, claims: Sequence[tuple[str, bytes, Sequence[UUID]]]) -> set[str]:
    """Take keys, each with the digest of its request and its inferences; gives the keys that were free. Waits for a transaction that takes the same key."""
    return await idempotency_repository.claim(work.session, work.tenant_id, group_id, claims, work.now, work.now - KEY_LIFETIME)


async def prune(work: UnitOfWork, group_id: UUID) -> None:
    """Forget the group's keys that are older than a day."""
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
    )
