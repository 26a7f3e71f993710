"""Decisions: the rule of a version, what was recommended and finally done in every log, the ledger of final decisions, value tables."""

from alembic import op

from migrations.sql import script

revision = "20261201_decisions"
down_revision = "20261201_time_zone"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

TABLES = """
ALTER TABLE versions ADD COLUMN decision_rule jsonb;
CREATE TABLE final_decisions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid NOT NULL REFERENCES groups,
  inference_id uuid, correlation_id text, decision text NOT NULL, by text NOT NULL, kind text NOT NULL CHECK (kind IN ('person', 'policy')),
  person_group text, reason text, at timestamptz NOT NULL, received_at timestamptz NOT NULL, received_by text NOT NULL, applied_at timestamptz,
  CONSTRAINT final_decisions_target_check CHECK ((inference_id IS NULL) <> (correlation_id IS NULL)));
CREATE INDEX final_decisions_inference_idx ON final_decisions (group_id, inference_id) WHERE inference_id IS NOT NULL;
CREATE INDEX final_decisions_correlation_idx ON final_decisions (group_id, correlation_id) WHERE correlation_id IS NOT NULL;
CREATE TABLE group_decisions (
  group_id uuid PRIMARY KEY REFERENCES groups, tenant_id uuid NOT NULL REFERENCES tenants, settings jsonb NOT NULL DEFAULT '{}', value_table jsonb);
"""
OWNED = {"final_decisions": "SELECT, INSERT, UPDATE", "group_decisions": "SELECT, INSERT, UPDATE"}

COLUMNS = "decision text, decision_rule text, lot float8, lot_propensity float8, final_decision text, final_details jsonb"

LOGS = """
DO $$ DECLARE log regclass; BEGIN
  FOR log IN SELECT log_relation(id) FROM groups WHERE log_relation(id) IS NOT NULL LOOP
    EXECUTE format('ALTER TABLE %s {changes}', log);
  END LOOP;
END $$
"""

PROVISION = """
CREATE OR REPLACE FUNCTION provision_log(wanted uuid, moment timestamptz) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  mine groups := log_owned_group(wanted);
  name text;
BEGIN
  IF log_relation(wanted) IS NOT NULL THEN
    RAISE EXCEPTION 'group % has its log already', wanted USING ERRCODE = 'duplicate_table';
  END IF;
  name := log_free_name(mine.slug, wanted);
  EXECUTE format($ddl$
    CREATE TABLE %I (
      inference_id uuid PRIMARY KEY, requested_at timestamptz NOT NULL, model_version_id uuid NOT NULL, version text NOT NULL,
      role text NOT NULL CHECK (role IN ('champion', 'challenger', 'shadow')), phase int NOT NULL, bucket int NOT NULL, propensity float8 NOT NULL,
      entity_key text, correlation_id text, caller text NOT NULL, inputs jsonb NOT NULL, context jsonb, segments jsonb, output jsonb, score float8, label text,
      explanation jsonb, explained_at timestamptz, latency_us int, stale boolean NOT NULL DEFAULT false,
      status text NOT NULL CHECK (status IN ('ok', 'refused', 'failed', 'fallback')), error text, actual float8, actual_at timestamptz,
      actual_history jsonb NOT NULL DEFAULT '[]', erased_at timestamptz, imported_from text{columns}) PARTITION BY RANGE (inference_id)$ddl$, name);
  EXECUTE format('COMMENT ON TABLE %I IS %L', name, 'log of group ' || wanted);
  EXECUTE format('CREATE INDEX ON %I (correlation_id) WHERE correlation_id IS NOT NULL', name);
  EXECUTE format('CREATE INDEX ON %I (entity_key) WHERE entity_key IS NOT NULL', name);
  EXECUTE format('CREATE INDEX ON %I (inference_id) WHERE explained_at IS NULL', name);
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('CREATE POLICY tenant ON %I USING (nullif(current_setting(''tiltyard.tenant'', true), '''')::uuid = %L::uuid)', name, mine.tenant_id);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO tiltyard_app', name);
  PERFORM log_make_partitions(wanted, log_relation(wanted), moment - interval '1 day', moment + interval '3 weeks');
  RETURN name;
END $$;
"""

ROUTING = """
CREATE OR REPLACE FUNCTION routing_table()
  RETURNS TABLE (group_id uuid, tenant_id uuid, slug text, salt text, threshold float8, phase int, revision bigint, on_control_loss text,
    time_budget_ms int, routing_key text, keep jsonb, answering jsonb, members jsonb, versions jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT g.id, g.tenant_id, g.slug, g.salt, g.threshold, g.phase, g.revision, g.on_control_loss, g.time_budget_ms, g.routing_key,
    (SELECT jsonb_agg(c.version_id) FROM (SELECT k.version_id FROM members k WHERE k.group_id = g.id AND k.role = 'champion'
       GROUP BY k.version_id ORDER BY max(k.phase) DESC LIMIT 3) AS c), g.answering,
    (SELECT jsonb_agg(jsonb_build_object('version_id', m.version_id, 'role', m.role, 'share', m.share, 'ranges', m.ranges))
     FROM members m WHERE m.group_id = g.id AND m.phase = g.phase),
    (SELECT jsonb_agg(jsonb_build_object('id', v.id, 'version', v.version, 'artifact', v.artifact, 'features', coalesce(v.document -> 'features', '[]'),
       'task', v.document -> 'task'{rule}) ORDER BY first.phase, v.created_at)
     FROM (SELECT o.version_id, min(o.phase) AS phase FROM members o WHERE o.group_id = g.id GROUP BY o.version_id) AS first
     JOIN versions v ON v.id = first.version_id)
  FROM groups g WHERE g.deleted_at IS NULL AND g.phase > 0 $$
"""


def upgrade() -> None:
    """Versions that are there have no rule, logs no decisions."""
    script(TABLES)
    for table, rights in OWNED.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
        op.execute(f"GRANT {rights} ON {table} TO tiltyard_app")
    op.execute(LOGS.format(changes=", ".join(f"ADD COLUMN {column}" for column in COLUMNS.split(", "))))
    script(PROVISION.format(columns=f", {COLUMNS}"))
    op.execute(ROUTING.format(rule=", 'decision_rule', v.decision_rule"))


def downgrade() -> None:
    """Without decisions. What was decided is lost."""
    op.execute(ROUTING.format(rule=""))
    script(PROVISION.format(columns=""))
    op.execute(LOGS.format(changes=", ".join(f"DROP COLUMN {column.split()[0]}" for column in COLUMNS.split(", "))))
    op.execute("DROP TABLE group_decisions")
    op.execute("DROP TABLE final_decisions")
    op.execute("ALTER TABLE versions DROP COLUMN decision_rule")
