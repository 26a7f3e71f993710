"""Live: events with a number of their own in each tenant, and alerts."""

from alembic import op

from migrations.sql import script

revision = "20261121_live"
down_revision = "20261121_connectors"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

TABLES = """
CREATE TABLE live_counters (tenant_id uuid PRIMARY KEY REFERENCES tenants, seq bigint NOT NULL) WITH (fillfactor = 50);

CREATE TABLE live_events (
  tenant_id uuid NOT NULL REFERENCES tenants, seq bigint NOT NULL CHECK (seq > 0), kind text NOT NULL, subject text NOT NULL, payload jsonb,
  at timestamptz NOT NULL, PRIMARY KEY (tenant_id, seq));
CREATE INDEX live_events_subject_idx ON live_events (tenant_id, kind, subject, seq DESC);
CREATE INDEX live_events_at_idx ON live_events (at);

CREATE TABLE alerts (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, kind text NOT NULL, subject text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('warning', 'critical')), message text NOT NULL, recommendation text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'resolved')), first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL, count int NOT NULL,
  resolved_at timestamptz);
CREATE UNIQUE INDEX alerts_open_key ON alerts (tenant_id, kind, subject) WHERE state = 'open';
CREATE INDEX alerts_tenant_idx ON alerts (tenant_id, last_seen DESC);
"""

# What the hub does for all tenants at once. The age is not the caller's to choose.
FUNCTIONS_SQL = """
CREATE FUNCTION prune_live_events() RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (DELETE FROM live_events WHERE at < now() - interval '1 day' RETURNING 1),
  old AS (DELETE FROM alerts WHERE state = 'resolved' AND resolved_at < now() - interval '90 days')
  SELECT count(*) FROM gone $$;

CREATE FUNCTION watched_tenants() RETURNS TABLE (tenant_id uuid, alerted boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT t.id, EXISTS (SELECT FROM alerts a WHERE a.tenant_id = t.id AND a.state = 'open') FROM tenants t $$;
"""

TENANT_OWNED = ("live_counters", "live_events", "alerts")
FUNCTIONS = ("prune_live_events()", "watched_tenants()")


def upgrade() -> None:
    """Create the tables, their policies, the functions, and the app's rights: it adds events and never changes one."""
    script(TABLES)
    for table in TENANT_OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT ON live_events TO tiltyard_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON live_counters, alerts TO tiltyard_app")
    script(FUNCTIONS_SQL)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Remove them."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for table in ("alerts", "live_events", "live_counters"):
        op.execute(f"DROP TABLE {table}")
