"""All SQL about a log's split: figures of a ramp's step, losses by bucket, and the rows of a replay."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.comparison.verdict import Rule
from backend.db.identifiers import quoted
from backend.ids import first_id_at
from backend.inference_log.writer import raw_connection
from backend.numerics.statistics.clusters import CLUSTERS
from backend.outcomes.rules import LARGEST_ACTUAL
from backend.work.unit import UnitOfWork
from schemas.groups import BucketRange

LOSSES = {
    "brier": "power(score - actual, 2)",
    "log_loss": "-(actual * ln(greatest(score, 1e-15)) + (1 - actual) * ln(greatest(1 - score, 1e-15)))",
    "accuracy": "((score {side} :threshold)::int <> actual)::int",
    "mae": "abs(score - actual)",
    "rmse": "power(score - actual, 2)",
}
"""A row's loss on each decision metric; lower is better."""
SOUND = f"abs(actual) <= {LARGEST_ACTUAL} AND abs(score) <= {LARGEST_ACTUAL}"
"""The rows with a usable outcome. A larger number (for example of an imported log) cannot be squared and summed, and NaN is larger than every number."""
BINARY = f"actual IN (0, 1) AND {SOUND}"
JUDGED = {"brier": SOUND, "log_loss": BINARY, "accuracy": BINARY, "mae": SOUND, "rmse": SOUND}

# By the bucket's owner, not by the answering version: requests that a failing challenger passes to the champion count for the challenger.
MINE = "bucket <@ CAST(CAST(:mine AS text) AS int4multirange)"
OF_STEP = f"""FROM {{table}} WHERE inference_id >= :first AND phase = :phase AND role <> 'shadow' AND propensity > 0
    AND ({MINE} OR bucket <@ CAST(CAST(:champions AS text) AS int4multirange))"""

REQUESTS = f"""
SELECT {MINE} AS mine, count(*) AS requests, count(*) FILTER (WHERE status <> 'ok') AS errors {OF_STEP} GROUP BY 1
"""

STEP_LOSSES = f"""
WITH logged AS (
  SELECT {MINE} AS mine, bucket % {CLUSTERS} AS cluster, latency_us, CASE WHEN {{judged}} THEN {{loss}} END AS loss {OF_STEP} AND status <> 'failed'),
clustered AS (SELECT mine, cluster, count(loss) AS n, sum(loss) AS total FROM logged WHERE loss IS NOT NULL GROUP BY 1, 2)
SELECT mine, percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_us) AS p95,
  count(loss) AS judged, avg(loss) AS mean, coalesce(var_samp(loss), 0) AS variance,
  ARRAY(SELECT cluster FROM clustered c WHERE c.mine = logged.mine ORDER BY 1) AS clusters,
  ARRAY(SELECT n FROM clustered c WHERE c.mine = logged.mine ORDER BY cluster) AS counts,
  ARRAY(SELECT total FROM clustered c WHERE c.mine = logged.mine ORDER BY cluster) AS totals
FROM logged GROUP BY mine
"""  # noqa: S608 (constants)

BUCKETS = """
SELECT bucket, count(loss) AS n, sum(loss) AS total FROM (
  SELECT bucket, CASE WHEN {judged} THEN {loss} END AS loss FROM {table}
  WHERE inference_id >= :first AND phase = :phase AND role <> 'shadow' AND propensity > 0 AND status IN ('ok', 'fallback')) AS logged
WHERE loss IS NOT NULL GROUP BY bucket
"""

REPLAY = """
SELECT inference_id, phase, bucket, propensity, entity_key, correlation_id, segments::text AS segments, model_version_id, version, role, status,
  erased_at IS NOT NULL AS erased, lot, lot_propensity, decision
FROM {table} WHERE imported_from IS NULL {where} ORDER BY inference_id
"""


class Step(NamedTuple):
    """The place of a ramp's step: a log, a phase, and the buckets of the challenger and of the champion."""

    table: str
    phase: int
    since: datetime
    mine: Sequence[BucketRange]
    champions: Sequence[BucketRange]

    def values(self) -> dict[str, Any]:
        """Return the values for its statements."""
        return {"first": first_id_at(self.since), "phase": self.phase, "mine": multirange(self.mine), "champions": multirange(self.champions)}


async def step_requests(session: AsyncSession, step: Step) -> dict[bool, Row[Any]]:
    """Return requests and errors of the challenger (true) and of the champion (false), by their buckets."""
    rows = await session.execute(text(REQUESTS.format(table=quoted(step.table))), step.values())
    return {row.mine: row for row in rows}


async def step_losses(session: AsyncSession, step: Step, metric: str, rule: Rule) -> dict[bool, Row[Any]]:
    """Return latency and losses of both; the losses also by cluster of buckets."""
    statement = text(STEP_LOSSES.format(table=quoted(step.table), loss=_loss(metric, rule), judged=JUDGED[metric]))
    rows = await session.execute(statement, step.values() | _threshold(metric, rule))
    return {row.mine: row for row in rows}


async def bucket_losses(session: AsyncSession, table: str, metric: str, rule: Rule, phase: int, since: datetime) -> Sequence[Row[Any]]:
    """Return labelled predictions of a phase by bucket: their number, and the sum of their losses."""
    statement = text(BUCKETS.format(table=quoted(table), loss=_loss(metric, rule), judged=JUDGED[metric]))
    return (await session.execute(statement, {"first": first_id_at(since), "phase": phase} | _threshold(metric, rule))).all()


async def replayed(work: UnitOfWork, table: str, bounds: Mapping[str, Any], size: int) -> AsyncIterator[Sequence[Any]]:
    """Yield rows of a log as they were routed, oldest first, in parts of this size, by a cursor. `bounds`: conditions with their value, such as `phase = `."""
    conditions = "".join(f" AND {condition}${at}" for at, condition in enumerate(bounds, 1))
    raw = await raw_connection(work)
    cursor = await raw.cursor(REPLAY.format(table=quoted(table), where=conditions), *bounds.values())
    while rows := await cursor.fetch(size):
        yield rows


async def inputs_of(session: AsyncSession, table: str, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the inputs of some predictions."""
    statement = text(f"SELECT inference_id, inputs FROM {quoted(table)} WHERE inference_id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608 (quoted)
    return {row.inference_id: row.inputs for row in await session.execute(statement, {"ids": list(ids)})}


def multirange(ranges: Sequence[BucketRange]) -> str:
    """Return bucket ranges in PostgreSQL's notation.

    >>> multirange([BucketRange(start=0, end=100), BucketRange(start=200, end=300)])
    '{[0,100),[200,300)}'
    """
    return "{" + ",".join(f"[{span.start},{span.end})" for span in ranges) + "}"


def _loss(metric: str, rule: Rule) -> str:
    return LOSSES[metric].format(side="<=" if rule.lower else ">=")


def _threshold(metric: str, rule: Rule) -> dict[str, float]:
    return {"threshold": rule.threshold} if metric == "accuracy" else {}
