"""Final decisions: the ledger, what is written into rows, and override counts. All SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.decisions.rules import ToldDecision, details
from backend.ids import first_id_at
from backend.outcomes.ledger_statements import UNSHARED, told_before, unname

LEDGER_COLUMNS = ("decision", "by", "kind", "person_group", "reason", "at")
Arrived = tuple[UUID, str | None, UUID | None]
"""A row that has just been written: its id, its correlation id, and for a shadow's the id of the answer that it is the copy of."""

MET = told_before("final_decisions", LEDGER_COLUMNS)
UNNAMED = unname("final_decisions")

ANY = "SELECT EXISTS (SELECT FROM final_decisions WHERE group_id = :group)"

WAITING = """
SELECT inference_id, correlation_id, decision, by, kind, person_group, reason, at FROM final_decisions
WHERE tenant_id = :tenant AND group_id = :group AND applied_at IS NULL
  AND (inference_id = ANY(CAST(:ids AS uuid[])) OR correlation_id = ANY(CAST(:correlations AS text[])))
ORDER BY id
"""

ADD = """
INSERT INTO final_decisions
  (tenant_id, group_id, inference_id, correlation_id, decision, by, kind, person_group, reason, at, received_at, received_by, applied_at)
SELECT :tenant, :group, d.inference_id, d.correlation_id, d.decision, d.by, d.kind, d.person_group, d.reason, d.at, :now, :receiver,
  CASE WHEN d.applied THEN CAST(:now AS timestamptz) END
FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS d(inference_id uuid, correlation_id text, decision text, by text, kind text, person_group text, reason text,
  at timestamptz, applied boolean)
"""

SET_FINAL = """
UPDATE {table} AS l SET final_decision = u.decision, final_details = u.details
FROM unnest(CAST(:ids AS uuid[]), CAST(:decisions AS text[]), CAST(:details AS jsonb[])) AS u(id, decision, details) WHERE l.inference_id = u.id
"""

KNOWN = "SELECT inference_id, decision, final_decision, final_details FROM {table} WHERE inference_id = ANY(CAST(:ids AS uuid[]))"

# Copies of shadows were recommended to nobody: only answers are overridden.
COUNTS = """
SELECT version, decision, final_decision, final_details->>'group' AS person_group, final_details->>'kind' AS kind, final_details->>'reason' AS reason,
  {segment} AS segment, count(*) AS n
FROM {table} WHERE role <> 'shadow' AND decision IS NOT NULL AND imported_from IS NULL AND inference_id >= :first AND inference_id < :until {also}
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


async def any_told(session: AsyncSession, group_id: UUID) -> bool:
    """Return whether the group ever got a final decision."""
    return bool((await session.execute(text(ANY), {"group": group_id})).scalar_one())


async def told_for(session: AsyncSession, table: str, tenant_id: UUID, group_id: UUID, arrived: Sequence[Arrived]) -> Sequence[Row[Any]]:
    """Return the final decisions already told for inferences that have just arrived, or for the answers they are copies of, oldest first."""
    ids, correlations, answered = (list(column) for column in zip(*arrived, strict=True))
    values = {"tenant": tenant_id, "group": group_id, "ids": ids, "correlations": correlations, "answered": answered}
    return (await session.execute(text(MET.format(table=quoted(table))), values)).all()


async def known(session: AsyncSession, table: str, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Return what rows know of their final decision."""
    return (await session.execute(text(KNOWN.format(table=quoted(table))), {"ids": list(ids)})).all()


async def waiting(session: AsyncSession, tenant_id: UUID, group_id: UUID, ids: Sequence[UUID], correlations: Sequence[str]) -> Sequence[Row[Any]]:
    """Return the final decisions told earlier that no inference has met, oldest first."""
    values = {"tenant": tenant_id, "group": group_id, "ids": ids, "correlations": correlations}
    return (await session.execute(text(WAITING), values)).all()


async def add(session: AsyncSession, tenant_id: UUID, group_id: UUID, receiver: str, now: datetime, told: Sequence[Mapping[str, Any]]) -> None:
    """Append to the ledger: `LEDGER_COLUMNS`, `inference_id`, `correlation_id` and `applied` of each."""
    values = {"tenant": tenant_id, "group": group_id, "receiver": receiver, "now": now, "told": msgspec.json.encode(told).decode()}
    await session.execute(text(ADD), values)


async def set_final(session: AsyncSession, table: str, changed: Mapping[UUID, Sequence[ToldDecision]]) -> None:
    """Write what is now known into the rows."""
    values = {
        "ids": list(changed),
        "decisions": [known[-1].decision for known in changed.values()],
        "details": [msgspec.json.encode(details(known)).decode() for known in changed.values()],
    }
    await session.execute(text(SET_FINAL.format(table=quoted(table))), values)


async def mark_applied(session: AsyncSession, tenant_id: UUID, ids: Sequence[int], now: datetime) -> None:
    """Note that waiting decisions have met their inference."""
    statement = text("UPDATE final_decisions SET applied_at = :now WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND applied_at IS NULL")
    await session.execute(statement, {"tenant": tenant_id, "ids": ids, "now": now})


async def name_by_inference(session: AsyncSession, tenant_id: UUID, group_id: UUID, table: str | None, told_by: Mapping[str, UUID]) -> int:
    """Have the ledger name inferences instead of these correlation ids; how many decisions. `table` is the log's, where it is there still."""
    values = {"tenant": tenant_id, "group": group_id, "correlations": list(told_by), "ids": list(told_by.values())}
    statement = UNNAMED + UNSHARED.format(table=quoted(table)) if table else UNNAMED
    result: Any = await session.execute(text(statement), values)
    return int(result.rowcount)


async def override_counts(session: AsyncSession, table: str, first: datetime, until: datetime, phase: int | None, segment: str | None) -> Sequence[Row[Any]]:
    """Answers with a decision, counted by version, decision, final decision, group and kind of who decided, reason, and the value of a segment."""
    column = "segments ->> CAST(:segment AS text)" if segment is not None else "CAST(NULL AS text)"
    statement = text(COUNTS.format(table=quoted(table), segment=column, also="AND phase = :phase" if phase is not None else ""))
    values: dict[str, Any] = {"first": first_id_at(first), "until": first_id_at(until)}
    values |= {"phase": phase} if phase is not None else {}
    return (await session.execute(statement, values | ({"segment": segment} if segment is not None else {}))).all()
