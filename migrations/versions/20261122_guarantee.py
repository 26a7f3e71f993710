"""The log's guarantee: replay of the same request, stale answers, retention, legal hold, erasure, imported rows."""

from alembic import op

from migrations.sql import script

revision = "20261122_guarantee"
down_revision = "20261122_control"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

TABLES = """
CREATE TABLE idempotency_keys (
  tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid NOT NULL REFERENCES groups, key text NOT NULL, asked bytea NOT NULL, inference_ids uuid[] NOT NULL,
  at timestamptz NOT NULL, PRIMARY KEY (group_id, key));
CREATE INDEX idempotency_keys_at_idx ON idempotency_keys (group_id, at);

CREATE TABLE stale_answers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid NOT NULL REFERENCES groups,
  inference_id uuid NOT NULL, served_at timestamptz NOT NULL, age_seconds float8 NOT NULL, caller text NOT NULL, noted_at timestamptz NOT NULL);
CREATE INDEX stale_answers_group_idx ON stale_answers (group_id, id);

ALTER TABLE groups
  ADD COLUMN when_unlogged text NOT NULL DEFAULT 'refuse' CHECK (when_unlogged IN ('refuse', 'stale')),
  ADD COLUMN stale_max_seconds int NOT NULL DEFAULT 900 CHECK (stale_max_seconds > 0),
  ADD COLUMN retention_days int CHECK (retention_days > 0),
  ADD COLUMN retention_policy text NOT NULL DEFAULT 'archive' CHECK (retention_policy IN ('archive', 'drop')),
  ADD COLUMN legal_hold text;
CREATE INDEX outcomes_orphans_idx ON outcomes (group_id, received_at) WHERE applied_at IS NULL;
"""

LOG_COLUMNS = """
DO $$ DECLARE log regclass; BEGIN
  FOR log IN SELECT log_relation(id) FROM groups WHERE log_relation(id) IS NOT NULL LOOP
    EXECUTE format('ALTER TABLE %s ADD COLUMN erased_at timestamptz, ADD COLUMN imported_from text', log);
  END LOOP;
END $$
"""

NO_LOG_COLUMNS = """
DO $$ DECLARE log regclass; BEGIN
  FOR log IN SELECT log_relation(id) FROM groups WHERE log_relation(id) IS NOT NULL LOOP
    EXECUTE format('ALTER TABLE %s DROP COLUMN erased_at, DROP COLUMN imported_from', log);
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
      actual_history jsonb NOT NULL DEFAULT '[]'{columns}) PARTITION BY RANGE (inference_id)$ddl$, name);
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

DROP_LOG = """
CREATE OR REPLACE FUNCTION drop_log(wanted uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  mine groups := log_owned_group(wanted);
  log regclass := log_relation(wanted);
BEGIN
  IF mine.deleted_at IS NULL {held}THEN
    RAISE EXCEPTION 'group % is in use', wanted USING ERRCODE = 'object_in_use';
  END IF;
  IF log IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE %s', log);
  RETURN true;
END $$;
"""

FUNCTIONS = """
CREATE FUNCTION list_log_partitions(wanted uuid) RETURNS TABLE (name text, first timestamptz, until timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.name, p.week AT TIME ZONE 'UTC', (p.week + interval '1 week') AT TIME ZONE 'UTC'
  FROM (SELECT c.relname::text AS name, to_timestamp(right(c.relname, 8), 'YYYYMMDD')::date::timestamp AS week
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = log_relation((log_owned_group(wanted)).id)) AS p ORDER BY p.week $$;

-- The rule is read here, not told: who may call this may not drop what the group's rule keeps.
CREATE FUNCTION drop_log_partition(wanted uuid, partition text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  mine groups := log_owned_group(wanted);
  log regclass := log_relation(wanted);
  over timestamptz := (SELECT p.until FROM list_log_partitions(wanted) p WHERE p.name = partition);
BEGIN
  IF over IS NULL THEN
    RETURN false;
  END IF;
  IF mine.legal_hold IS NOT NULL OR mine.retention_days IS NULL OR over > now() - make_interval(days => mine.retention_days) THEN
    RAISE EXCEPTION 'partition % of group % is to be kept', partition, wanted USING ERRCODE = 'object_in_use';
  END IF;
  SET LOCAL lock_timeout = '3s';
  EXECUTE format('ALTER TABLE %s DETACH PARTITION %I', log, partition);
  EXECUTE format('DROP TABLE %I', partition);
  RETURN true;
END $$;

-- For rows that were made elsewhere, long before the group.
CREATE FUNCTION add_import_partitions(wanted uuid, first timestamptz, until timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  log regclass := log_relation((log_owned_group(wanted)).id);
BEGIN
  IF log IS NULL OR first < '2000-01-01' OR until > now() + interval '1 day' OR until > first + interval '8 days' THEN
    RAISE EXCEPTION 'no such partitions for group %', wanted USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('tiltyard log partitions ' || wanted, 0));
  PERFORM log_make_partitions(wanted, log, first, until);
END $$;

CREATE FUNCTION stale_policies() RETURNS TABLE (group_id uuid, max_seconds int)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT g.id, g.stale_max_seconds FROM groups g WHERE g.deleted_at IS NULL AND g.when_unlogged = 'stale' $$;
"""

NAMES = (
    "list_log_partitions(uuid)", "drop_log_partition(uuid, text)", "add_import_partitions(uuid, timestamptz, timestamptz)", "stale_policies()",
)  # fmt: skip
OWNED = {"idempotency_keys": "SELECT, INSERT, UPDATE, DELETE", "stale_answers": "SELECT, INSERT, DELETE"}


def upgrade() -> None:
    """Tables, settings of a group, columns of every log, functions."""
    script(TABLES)
    for table, rights in OWNED.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
        op.execute(f"GRANT {rights} ON {table} TO tiltyard_app")
    op.execute(LOG_COLUMNS)
    script(PROVISION.replace("{columns}", ", erased_at timestamptz, imported_from text"))
    script(DROP_LOG.replace("{held}", "OR mine.legal_hold IS NOT NULL "))
    script(FUNCTIONS)
    for function in NAMES:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Back to logs without them."""
    for function in NAMES:
        op.execute(f"DROP FUNCTION {function}")
    script(DROP_LOG.replace("{held}", ""))
    script(PROVISION.replace("{columns}", ""))
    op.execute(NO_LOG_COLUMNS)
    op.execute("DROP INDEX outcomes_orphans_idx")
    op.execute(
        "ALTER TABLE groups DROP COLUMN when_unlogged, DROP COLUMN stale_max_seconds, DROP COLUMN retention_days, DROP COLUMN retention_policy, "
        "DROP COLUMN legal_hold"
    )
    for table in OWNED:
        op.execute(f"DROP TABLE {table}")
