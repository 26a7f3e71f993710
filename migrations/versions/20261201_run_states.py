"""The states of runs, counted for `/metrics`."""

from alembic import op

from migrations.sql import script

revision = "20261201_run_states"
down_revision = "20261201_decisions"
branch_labels = None
depends_on = None

COUNT = """
CREATE INDEX runs_ended_idx ON runs (finished_at) WHERE status IN ('succeeded', 'failed', 'cancelled');
CREATE FUNCTION run_states(lease interval) RETURNS TABLE (status text, ended boolean, runs bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH clock AS MATERIALIZED (SELECT hub_now() AS now)
  SELECT CASE WHEN r.status = 'running' AND coalesce(r.heartbeat_at, r.started_at) < clock.now - lease THEN 'lost' ELSE r.status END, false, count(*)
  FROM runs r, clock WHERE r.status IN ('queued', 'running', 'lost') GROUP BY 1
  UNION ALL
  SELECT r.status, true, count(*) FROM runs r
  WHERE r.status IN ('succeeded', 'failed', 'cancelled') AND r.finished_at > (SELECT now FROM clock) - interval '1 hour' GROUP BY 1 $$;
REVOKE ALL ON FUNCTION run_states(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION run_states(interval) TO tiltyard_app;
"""


def upgrade() -> None:
    """Add the function, and the index that it reads."""
    script(COUNT)


def downgrade() -> None:
    """Remove both."""
    op.execute("DROP FUNCTION run_states(interval)")
    op.execute("DROP INDEX runs_ended_idx")
