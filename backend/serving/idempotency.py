"""Idempotency keys: the same request sent again gets the inference that it made the first time.

A request with a key is logged in PostgreSQL, its key and its rows in one transaction. So a key has one answer, whatever process is killed
and whatever happens to Redis. The answer is read from its rows.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError

from backend.actor import Actor
from backend.hub import Hub
from backend.inference_log import idempotency
from backend.inference_log.errors import LogUnavailable
from backend.inference_log.idempotency import LoggedAnswer
from backend.inference_log.intake import POSTGRES_SECONDS
from backend.inference_log.record import KeyClaim
from backend.serving.errors import IdempotencyKeyReused
from backend.serving.request_digest import digest
from schemas.inference import PredictBody


class IdempotencyKeys:
    """This process's requests with a key: one at a time per key."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._turns: WeakValueDictionary[tuple[UUID, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, group_id: UUID, key: str) -> AsyncIterator[None]:
        """Wait until no other request of this process with the key is running."""
        lock = self._turns.setdefault((group_id, key), asyncio.Lock())
        async with lock:
            yield

    async def earlier(self, actor: Actor, group_id: UUID, body: PredictBody) -> list[LoggedAnswer]:
        """Return the earlier answers of this request, empty for a new one. Raises IdempotencyKeyReused, InferenceNotFound, LogUnavailable."""
        try:
            async with asyncio.timeout(POSTGRES_SECONDS), self._hub.work(actor, read_only=True) as work:
                found = await idempotency.first_use(work, group_id, body.idempotency_key or "")
                if found is None:
                    return []
                if found.digest != asked(body):
                    raise IdempotencyKeyReused
                return await idempotency.answers(work, found, body.explain)
        except (SQLAlchemyError, OSError, TimeoutError):
            raise LogUnavailable from None


def asked(body: PredictBody) -> bytes:
    """Return a digest of the request: the same for the same request, whatever the order of its fields."""
    parts = (body.inputs, body.entity_key, body.context, body.segments, body.correlation_id, body.explain)
    return digest((*parts, body.prefer) if body.prefer else parts)


def claim_of(body: PredictBody) -> KeyClaim | None:
    """Return what the intake writes with the rows of a request with a key."""
    return KeyClaim(body.idempotency_key, asked(body)) if body.idempotency_key else None
