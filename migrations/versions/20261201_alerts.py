"""Alerts: four severities, acknowledgements, silences, and a retention of the tenant's own."""

from alembic import op

from migrations.sql import script

revision = "20261201_alerts"
down_revision = "20261201_import_sharing"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

CHANGE = """
ALTER TABLE alerts DROP CONSTRAINT alerts_severity_check, DROP CONSTRAINT alerts_state_check;
UPDATE alerts SET severity = 'medium' WHERE severity = 'warning';
ALTER TABLE alerts
  ADD CONSTRAINT alerts_severity_check CHECK (severity IN ('critical', 'high', 'medium', 'low')),
  ADD CONSTRAINT alerts_state_check CHECK (state IN ('open', 'acknowledged', 'silenced', 'resolved')),
  ADD COLUMN clean_checks int NOT NULL DEFAULT 0, ADD COLUMN told_at timestamptz,
  ADD COLUMN acknowledged_at timestamptz, ADD COLUMN acknowledged_by text, ADD COLUMN acknowledgement text,
  ADD COLUMN silenced_until timestamptz, ADD COLUMN silenced_by text, ADD COLUMN silence_reason text;
UPDATE alerts SET told_at = coalesce(resolved_at, last_seen);
ALTER TABLE alerts ALTER COLUMN told_at SET NOT NULL;
DROP INDEX alerts_open_key;
CREATE UNIQUE INDEX alerts_active_key ON alerts (tenant_id, kind, subject) WHERE state <> 'resolved';
CREATE INDEX alerts_subject_idx ON alerts (tenant_id, kind, subject, id DESC);

CREATE TABLE alert_settings (tenant_id uuid PRIMARY KEY REFERENCES tenants, retention_days int CHECK (retention_days > 0));
"""

# What the hub does for all tenants at once. The age of live events is not the caller's to choose; that of alerts is their tenant's.
FUNCTIONS_SQL = """
CREATE OR REPLACE FUNCTION prune_live_events() RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (DELETE FROM live_events WHERE at < now() - interval '1 day' RETURNING 1) SELECT count(*) FROM gone $$;

CREATE FUNCTION prune_alerts() RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH kept AS (SELECT t.id, CASE WHEN s.tenant_id IS NULL THEN 365 ELSE s.retention_days END AS days
    FROM tenants t LEFT JOIN alert_settings s ON s.tenant_id = t.id),
  gone AS (DELETE FROM alerts a USING kept k WHERE a.tenant_id = k.id AND a.state = 'resolved' AND a.resolved_at < now() - make_interval(days => k.days)
    RETURNING 1)
  SELECT count(*) FROM gone $$;

CREATE OR REPLACE FUNCTION watched_tenants() RETURNS TABLE (tenant_id uuid, alerted boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT t.id, EXISTS (SELECT FROM alerts a WHERE a.tenant_id = t.id AND a.state <> 'resolved') FROM tenants t $$;

CREATE FUNCTION open_alerts() RETURNS TABLE (severity text, alerts bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT severity, count(*) FROM alerts WHERE state = 'open' GROUP BY severity $$;
"""

BACK = """
DROP FUNCTION open_alerts();
DROP FUNCTION prune_alerts();
DROP TABLE alert_settings;
DROP INDEX alerts_subject_idx;
DROP INDEX alerts_active_key;
ALTER TABLE alerts DROP CONSTRAINT alerts_severity_check, DROP CONSTRAINT alerts_state_check;
UPDATE alerts SET severity = 'warning' WHERE severity <> 'critical';
UPDATE alerts SET state = 'open' WHERE state <> 'resolved';
ALTER TABLE alerts
  DROP COLUMN clean_checks, DROP COLUMN told_at, DROP COLUMN acknowledged_at, DROP COLUMN acknowledged_by, DROP COLUMN acknowledgement,
  DROP COLUMN silenced_until, DROP COLUMN silenced_by, DROP COLUMN silence_reason,
  ADD CONSTRAINT alerts_severity_check CHECK (severity IN ('warning', 'critical')),
  ADD CONSTRAINT alerts_state_check CHECK (state IN ('open', 'resolved'));
CREATE UNIQUE INDEX alerts_open_key ON alerts (tenant_id, kind, subject) WHERE state = 'open';
CREATE OR REPLACE FUNCTION prune_live_events() RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (DELETE FROM live_events WHERE at < now() - interval '1 day' RETURNING 1),
  old AS (DELETE FROM alerts WHERE state = 'resolved' AND resolved_at < now() - interval '90 days')
  SELECT count(*) FROM gone $$;
CREATE OR REPLACE FUNCTION watched_tenants() RETURNS TABLE (tenant_id uuid, alerted boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT t.id, EXISTS (SELECT FROM alerts a WHERE a.tenant_id = t.id AND a.state = 'open') FROM tenants t $$;
"""

FUNCTIONS = ("prune_alerts()", "open_alerts()")


def upgrade() -> None:
    """Change the table and its functions; `warning` becomes `medium`, and no alert is lost."""
    script(CHANGE)
    op.execute("ALTER TABLE alert_settings ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON alert_settings USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON alert_settings TO tiltyard_app")
    script(FUNCTIONS_SQL)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Go back. Severities below critical become `warning`; acknowledgements, silences and retentions are forgotten."""
    script(BACK)
