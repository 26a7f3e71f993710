"""Live events written by a unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.ports import Told


@dataclass(frozen=True)
class PendingEvent:
    """An event to write with its change. With `every`, one already written within that time replaces it."""

    kind: str
    subject: str
    payload: object = None
    every: timedelta = timedelta()


# Numbers are given under the counter's row lock, held until the commit: no number becomes visible before a smaller one.
APPEND = """
WITH given AS (
  SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[]), CAST(:payloads AS jsonb[]), CAST(:every AS float8[]))
    WITH ORDINALITY AS g(kind, subject, payload, every, place)),
fresh AS (
  SELECT kind, subject, payload, row_number() OVER (ORDER BY place) AS place, count(*) OVER () AS total FROM given g
  WHERE g.every = 0 OR NOT EXISTS (
    SELECT FROM live_events e WHERE e.tenant_id = :tenant AND e.kind = g.kind AND e.subject = g.subject
      AND e.at > hub_now() - make_interval(secs => g.every))),
counter AS (
  INSERT INTO live_counters AS c (tenant_id, seq) SELECT :tenant, max(total) FROM fresh HAVING max(total) > 0
  ON CONFLICT (tenant_id) DO UPDATE SET seq = c.seq + excluded.seq RETURNING seq)
INSERT INTO live_events (tenant_id, seq, kind, subject, payload, at)
SELECT :tenant, counter.seq - fresh.total + fresh.place, fresh.kind, fresh.subject, fresh.payload, hub_now() FROM fresh, counter
RETURNING kind, subject
"""


async def append(session: AsyncSession, tenant_id: UUID, pending: Sequence[PendingEvent]) -> list[Told]:
    """Write events with the next numbers. Return the written ones.

    Their time is the time of writing: the transaction may have begun long before, and an event that replaces another must be younger than the other's commit.
    """
    values = {
        "kinds": [one.kind for one in pending],
        "subjects": [one.subject for one in pending],
        "payloads": [None if one.payload is None else msgspec.json.encode(one.payload).decode() for one in pending],
        "every": [one.every.total_seconds() for one in pending],
    }
    written = await session.execute(text(APPEND), {"tenant": tenant_id, **values})
    return [(row.kind, row.subject) for row in written]
