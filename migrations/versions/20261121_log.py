"""The log: a table a group, made and dropped by narrow functions that run as the owner; the ledger of outcomes; what routing reads."""

from alembic import op

from migrations.sql import script

revision = "20261121_log"
down_revision = "20261121_house"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

OUTCOMES = """
CREATE TABLE outcomes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid NOT NULL REFERENCES groups,
  inference_id uuid, correlation_id text, actual float8 NOT NULL, at timestamptz NOT NULL, received_at timestamptz NOT NULL, received_by text NOT NULL,
  applied_at timestamptz, CONSTRAINT outcomes_target_check CHECK ((inference_id IS NULL) <> (correlation_id IS NULL)));
CREATE INDEX outcomes_inference_idx ON outcomes (group_id, inference_id) WHERE inference_id IS NOT NULL;
CREATE INDEX outcomes_correlation_idx ON outcomes (group_id, correlation_id) WHERE correlation_id IS NOT NULL;
"""

# Not granted to the app: they trust their caller.
INNER = """
CREATE FUNCTION log_owned_group(wanted uuid) RETURNS groups LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE mine groups;
BEGIN
  SELECT * INTO mine FROM groups WHERE id = wanted AND tenant_id = nullif(current_setting('tiltyard.tenant', true), '')::uuid;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this tenant has no group %', wanted USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN mine;
END $$;

-- A log is known by its comment, which only its owner can write: a name in a row that the app may change proves nothing.
CREATE FUNCTION log_relation(wanted uuid) RETURNS regclass LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT c.oid::regclass FROM pg_class c JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
  WHERE c.relkind = 'p' AND c.relnamespace = 'public'::regnamespace AND c.relowner = quote_ident(current_user)::regrole AND d.description = 'log of group ' || wanted $$;

CREATE FUNCTION log_bound(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-0000-0000-000000000000')::uuid
  FROM (SELECT lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') AS h) AS milliseconds $$;

CREATE FUNCTION log_free_name(slug text, wanted uuid) RETURNS text LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE free text := 'inference_log_' || slug;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tiltyard log names', 0));
  IF octet_length(free) > 63 THEN
    free := left(free, 54) || '_' || left(encode(sha256(convert_to(free, 'UTF8')), 'hex'), 8);
  END IF;
  IF EXISTS (SELECT FROM groups g WHERE g.table_name = free AND g.id <> wanted) OR to_regclass(quote_ident(free)) IS NOT NULL THEN
    free := left(free, 50) || '_' || right(replace(wanted::text, '-', ''), 12);
  END IF;
  RETURN free;
END $$;

CREATE FUNCTION log_make_partitions(wanted uuid, log regclass, first timestamptz, until timestamptz) RETURNS void
  LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  week timestamp := date_trunc('week', first AT TIME ZONE 'UTC');
  partition text;
BEGIN
  WHILE week <= until AT TIME ZONE 'UTC' LOOP
    partition := 'log_' || replace(wanted::text, '-', '') || '_' || to_char(week, 'YYYYMMDD');
    IF to_regclass(partition) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, log);
      EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', log, partition,
        log_bound(week AT TIME ZONE 'UTC'), log_bound((week + interval '1 week') AT TIME ZONE 'UTC'));
    END IF;
    week := week + interval '1 week';
  END LOOP;
END $$;
"""

PROVISION = """
CREATE FUNCTION provision_log(wanted uuid, moment timestamptz) RETURNS text
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
      actual_history jsonb NOT NULL DEFAULT '[]') PARTITION BY RANGE (inference_id)$ddl$, name);
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

CREATE FUNCTION add_log_partitions(wanted uuid, first timestamptz, until timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  mine groups := log_owned_group(wanted);
  log regclass := log_relation(wanted);
BEGIN
  IF log IS NULL OR first < mine.created_at - interval '15 days' OR until > first + interval '400 days' THEN
    RAISE EXCEPTION 'no such partitions for group %', wanted USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('tiltyard log partitions ' || wanted, 0));
  PERFORM log_make_partitions(wanted, log, first, until);
END $$;

CREATE FUNCTION drop_log(wanted uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  mine groups := log_owned_group(wanted);
  log regclass := log_relation(wanted);
BEGIN
  IF mine.deleted_at IS NULL THEN
    RAISE EXCEPTION 'group % is in use', wanted USING ERRCODE = 'object_in_use';
  END IF;
  IF log IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE %s', log);
  RETURN true;
END $$;

CREATE FUNCTION list_logs() RETURNS TABLE (group_id uuid, tenant_id uuid, slug text, table_name text, created_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT g.id, g.tenant_id, g.slug, g.table_name, g.created_at FROM groups g WHERE to_regclass(quote_ident(g.table_name)) IS NOT NULL $$;

CREATE FUNCTION routing_stamp() RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT count(*) || ':' || coalesce(sum(hashtextextended(id || ':' || phase, 0)::numeric), 0) FROM groups WHERE deleted_at IS NULL $$;

CREATE FUNCTION routing_table()
  RETURNS TABLE (group_id uuid, tenant_id uuid, slug text, salt text, threshold float8, phase int, members jsonb, versions jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT g.id, g.tenant_id, g.slug, g.salt, g.threshold, g.phase,
    (SELECT jsonb_agg(jsonb_build_object('version_id', m.version_id, 'role', m.role, 'share', m.share, 'ranges', m.ranges))
     FROM members m WHERE m.group_id = g.id AND m.phase = g.phase),
    (SELECT jsonb_agg(jsonb_build_object('id', v.id, 'version', v.version, 'artifact', v.artifact, 'features', coalesce(v.document -> 'features', '[]'),
       'task', v.document -> 'task') ORDER BY first.phase, v.created_at)
     FROM (SELECT o.version_id, min(o.phase) AS phase FROM members o WHERE o.group_id = g.id GROUP BY o.version_id) AS first
     JOIN versions v ON v.id = first.version_id)
  FROM groups g WHERE g.deleted_at IS NULL AND g.phase > 0 $$;
"""

INNER_FUNCTIONS = (
    "log_make_partitions(uuid, regclass, timestamptz, timestamptz)", "log_free_name(text, uuid)", "log_bound(timestamptz)", "log_relation(uuid)",
    "log_owned_group(uuid)",
)  # fmt: skip
FUNCTIONS = (
    "provision_log(uuid, timestamptz)", "add_log_partitions(uuid, timestamptz, timestamptz)", "drop_log(uuid)", "list_logs()", "routing_stamp()",
    "routing_table()",
)  # fmt: skip


def upgrade() -> None:
    """Create the ledger, the functions and the app's rights to them."""
    script(OUTCOMES)
    op.execute("ALTER TABLE outcomes ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON outcomes USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON outcomes TO tiltyard_app")
    script(INNER)
    script(PROVISION)
    for function in INNER_FUNCTIONS + FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    for function in FUNCTIONS:
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Remove the functions and the ledger. Logs are dropped with their groups' tables: they have no meaning without them."""
    op.execute(
        """DO $$ DECLARE log regclass; BEGIN
             FOR log IN SELECT log_relation(id) FROM groups WHERE log_relation(id) IS NOT NULL LOOP EXECUTE format('DROP TABLE %s', log); END LOOP;
           END $$"""
    )
    for function in FUNCTIONS + INNER_FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TABLE outcomes")
