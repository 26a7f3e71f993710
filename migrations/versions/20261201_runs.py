"""The hub's clock `hub_now()`; runs with epochs, deaths and cancellations; the ticks of schedules."""

from alembic import op

from migrations.sql import script

revision = "20261201_runs"
down_revision = "20261201_published"
branch_labels = None
depends_on = None

# The one clock of all hosts. Only the database's owner can move it; the application may read it.
CLOCK = """
CREATE TABLE hub_clock (one boolean PRIMARY KEY DEFAULT true CHECK (one), ahead interval NOT NULL DEFAULT '0');
INSERT INTO hub_clock DEFAULT VALUES;
CREATE FUNCTION hub_now() RETURNS timestamptz
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT clock_timestamp() + (SELECT ahead FROM hub_clock) $$;
"""

# Every function of the hub reads that clock from now on.
READ_HUB_NOW = r"""
DO $$ DECLARE f record; BEGIN
  FOR f IN SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
    AND l.lanname IN ('sql', 'plpgsql') AND p.proname <> 'hub_now' AND p.prosrc ~ '\m(now|clock_timestamp)\(\)'
  LOOP EXECUTE regexp_replace(pg_get_functiondef(f.oid), '\m(now|clock_timestamp)\(\)', 'hub_now()', 'g'); END LOOP;
END $$;
"""
READ_OWN_CLOCK = READ_HUB_NOW.replace("'hub_now()', 'g'", "'clock_timestamp()', 'g'").replace(r"'\m(now|clock_timestamp)\(\)'", r"'\mhub_now\(\)'")

TABLES = """
ALTER TABLE runs ADD COLUMN epoch int NOT NULL DEFAULT 0, ADD COLUMN deaths int NOT NULL DEFAULT 0, ADD COLUMN asked_at timestamptz,
  ADD COLUMN cancel_requested_at timestamptz, ADD COLUMN cancel_reason text;
DROP INDEX runs_open_idx;
CREATE INDEX runs_open_idx ON runs (due_at) WHERE status IN ('queued', 'running', 'lost');
CREATE TABLE schedule_ticks (
  schedule text NOT NULL, scope text NOT NULL, tick timestamptz NOT NULL, worker_id text NOT NULL, started_at timestamptz NOT NULL,
  PRIMARY KEY (schedule, scope, tick));
ALTER TABLE tenants ADD COLUMN time_zone text;
"""

FUNCTIONS_SQL = """
DROP FUNCTION lost_runs(timestamptz, interval);

CREATE FUNCTION overdue_runs(lease interval, patience interval) RETURNS TABLE (run_id uuid, tenant_id uuid, kind text, silent boolean)
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH clock AS MATERIALIZED (SELECT hub_now() AS now)
  UPDATE runs r SET asked_at = clock.now FROM clock
  WHERE (r.status = 'running' AND coalesce(r.heartbeat_at, r.started_at) < clock.now - lease)
    OR (r.status IN ('queued', 'lost') AND r.due_at <= clock.now AND (r.asked_at IS NULL OR r.asked_at < r.due_at OR r.asked_at < clock.now - patience))
  RETURNING r.id, r.tenant_id, r.kind, r.status = 'running' $$;

CREATE FUNCTION held_runs(ids uuid[], epochs int[]) RETURNS TABLE (run_id uuid, cancelled boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.id, r.cancel_requested_at IS NOT NULL FROM runs r JOIN unnest(ids, epochs) AS held (id, epoch) ON r.id = held.id AND r.epoch = held.epoch
  WHERE r.status = 'running' $$;

CREATE FUNCTION renew_runs(ids uuid[], epochs int[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE runs r SET heartbeat_at = hub_now() FROM unnest(ids, epochs) AS held (id, epoch)
  WHERE r.id = held.id AND r.epoch = held.epoch AND r.status = 'running' $$;

CREATE FUNCTION tenant_zones() RETURNS TABLE (tenant_id uuid, time_zone text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT id, tenants.time_zone FROM tenants $$;

CREATE OR REPLACE FUNCTION tally_rebuilds_due() RETURNS TABLE (group_id uuid, tenant_id uuid, slug text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.group_id, r.tenant_id, g.slug FROM tally_rebuilds r JOIN groups g ON g.id = r.group_id
  WHERE g.deleted_at IS NULL AND (r.run_id IS NULL OR NOT EXISTS (
    SELECT FROM runs WHERE runs.id = r.run_id AND runs.status IN ('queued', 'running', 'lost', 'failed', 'cancelled'))) $$;
"""

LOST_RUNS = """
CREATE FUNCTION lost_runs(moment timestamptz, silence interval) RETURNS TABLE (run_id uuid, tenant_id uuid, kind text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT id, runs.tenant_id, runs.kind FROM runs
     WHERE (status = 'queued' AND due_at < moment - silence) OR (status = 'running' AND coalesce(heartbeat_at, started_at) < moment - silence) $$;
REVOKE ALL ON FUNCTION lost_runs(timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lost_runs(timestamptz, interval) TO tiltyard_app;
UPDATE runs SET status = 'queued' WHERE status = 'lost';
"""

FUNCTIONS = ("overdue_runs(interval, interval)", "held_runs(uuid[], int[])", "renew_runs(uuid[], int[])", "tenant_zones()")


def upgrade() -> None:
    """One clock for all, then what runs and schedules keep."""
    script(CLOCK)
    script(READ_HUB_NOW)
    script(TABLES)
    op.execute("GRANT SELECT, INSERT, DELETE ON schedule_ticks TO tiltyard_app")
    script(FUNCTIONS_SQL)
    for function in (*FUNCTIONS, "hub_now()"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Back to each statement's own clock; a lost run is queued again."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    script(LOST_RUNS)
    script(READ_OWN_CLOCK)
    op.execute("DROP TABLE schedule_ticks")
    op.execute("ALTER TABLE tenants DROP COLUMN time_zone")
    op.execute("DROP INDEX runs_open_idx")
    op.execute("CREATE INDEX runs_open_idx ON runs (due_at) WHERE status IN ('queued', 'running')")
    for column in ("epoch", "deaths", "asked_at", "cancel_requested_at", "cancel_reason"):
        op.execute(f"ALTER TABLE runs DROP COLUMN {column}")
    op.execute("DROP FUNCTION hub_now()")
    op.execute("DROP TABLE hub_clock")
