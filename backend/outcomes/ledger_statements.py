"""The query that joins rows just written with earlier reports: in the ledger of outcomes and in that of final decisions."""

from collections.abc import Sequence

# A shadow's row takes the reports about the answer it copies, but only the answer itself ends the waiting.
# A report by correlation id belongs to the first inference of its entity: the others repeat it. For a batch it could mean any row.
TOLD = """
WITH arrived AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:correlations AS text[]), CAST(:answered AS uuid[])) AS a(inference_id, correlation_id, answered)),
named AS MATERIALIZED (
  SELECT o.id, a.inference_id AS target, coalesce(a.answered, a.inference_id) AS answer, a.answered IS NULL AS met, {o}
  FROM arrived a JOIN {ledger} o ON o.correlation_id = a.correlation_id WHERE o.tenant_id = :tenant AND o.group_id = :group)
SELECT o.id, a.inference_id AS target, true AS met, {o}
FROM arrived a JOIN {ledger} o ON o.inference_id = a.inference_id WHERE o.tenant_id = :tenant AND o.group_id = :group
UNION ALL
SELECT o.id, a.inference_id, false, {o}
FROM arrived a JOIN {ledger} o ON o.inference_id = a.answered WHERE o.tenant_id = :tenant AND o.group_id = :group
UNION ALL
SELECT n.id, n.target, n.met, {n} FROM named n JOIN {{table}} r ON r.inference_id = n.answer
WHERE NOT EXISTS (
  SELECT FROM {{table}} e WHERE e.correlation_id = r.correlation_id AND e.entity_key IS NOT DISTINCT FROM r.entity_key AND e.role <> 'shadow'
    AND (e.inference_id < r.inference_id OR (e.requested_at = r.requested_at AND e.inference_id <> r.inference_id)))
ORDER BY id
"""

# A report by correlation id now names its inference, unless other inferences have the same correlation id.
UNNAME = """
UPDATE {ledger} AS o SET inference_id = u.inference_id, correlation_id = NULL
FROM unnest(CAST(:correlations AS text[]), CAST(:ids AS uuid[])) AS u(correlation_id, inference_id)
WHERE o.tenant_id = :tenant AND o.group_id = :group AND o.correlation_id = u.correlation_id
"""
UNSHARED = "AND NOT EXISTS (SELECT FROM {table} l WHERE l.correlation_id = u.correlation_id)"


def told_before(ledger: str, columns: Sequence[str]) -> str:
    """The query of a ledger: entries already told for rows that have just arrived, oldest first: `id`, `target`, `met`, and `columns`. Has `{table}` left."""
    return TOLD.format(ledger=ledger, o=", ".join(f"o.{one}" for one in columns), n=", ".join(f"n.{one}" for one in columns))


def unname(ledger: str) -> str:
    """The statement by which a ledger names inferences instead of correlation ids. Where the log is there still, `UNSHARED` follows."""
    return UNNAME.format(ledger=ledger)
