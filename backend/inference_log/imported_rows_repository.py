"""All SQL of a log's imported rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted

# No phase and no propensity, so that comparisons by assignment leave these rows out.
INSERT = """
INSERT INTO {table} (inference_id, requested_at, model_version_id, version, role, phase, bucket, propensity, entity_key, correlation_id, caller, inputs,
  segments, output, score, label, explained_at, latency_us, status, actual, actual_at, imported_from)
SELECT r.inference_id, r.requested_at, r.model_version_id, r.version, r.role, 0, -1, 0, r.entity_key, r.correlation_id, r.caller, r.inputs::jsonb, '{{}}',
  r.output::jsonb, r.score, r.label, r.explained_at, r.latency_us, r.status, r.actual, r.actual_at, r.imported_from
FROM unnest(CAST(:inference_id AS uuid[]), CAST(:requested_at AS timestamptz[]), CAST(:model_version_id AS uuid[]), CAST(:version AS text[]),
  CAST(:role AS text[]), CAST(:entity_key AS text[]), CAST(:correlation_id AS text[]), CAST(:caller AS text[]), CAST(:inputs AS text[]),
  CAST(:output AS text[]), CAST(:score AS float8[]), CAST(:label AS text[]), CAST(:explained_at AS timestamptz[]), CAST(:latency_us AS int[]),
  CAST(:status AS text[]), CAST(:actual AS float8[]), CAST(:actual_at AS timestamptz[]), CAST(:imported_from AS text[]))
  AS r(inference_id, requested_at, model_version_id, version, role, entity_key, correlation_id, caller, inputs, output, score, label, explained_at, latency_us,
    status, actual, actual_at, imported_from)
ON CONFLICT DO NOTHING RETURNING inference_id
"""


async def add_partitions(session: AsyncSession, group_id: UUID, moment: datetime) -> None:
    """Make sure that the partition of a time's week exists, also of the distant past."""
    values = {"group": group_id, "first": moment, "until": moment + timedelta(seconds=1)}
    await session.execute(text("SELECT add_import_partitions(:group, :first, :until)"), values)


async def insert(session: AsyncSession, table: str, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Insert missing rows. Return the new ids."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return list((await session.execute(text(INSERT.format(table=quoted(table))), columns)).scalars())
