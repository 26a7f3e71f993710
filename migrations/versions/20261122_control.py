"""Control of groups: leases of the processes that route, halts, what a phase keeps, ramps."""

from alembic import op

from migrations.sql import script

revision = "20261122_control"
down_revision = "20261122_import"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

GROUPS = """
ALTER TABLE groups
  ADD COLUMN revision bigint NOT NULL DEFAULT 1,
  ADD COLUMN on_control_loss text NOT NULL DEFAULT 'refuse' CHECK (on_control_loss IN ('refuse', 'stale')),
  ADD COLUMN time_budget_ms int CHECK (time_budget_ms > 0),
  ADD COLUMN routing_key text NOT NULL DEFAULT 'entity_key',
  ADD COLUMN require_verdict boolean NOT NULL DEFAULT false,
  ADD COLUMN min_matured_share float8 NOT NULL DEFAULT 0 CHECK (min_matured_share BETWEEN 0 AND 1);
ALTER TABLE phases ADD COLUMN threshold float8, ADD COLUMN routing_key text NOT NULL DEFAULT 'entity_key';
UPDATE phases p SET threshold = g.threshold FROM groups g WHERE g.id = p.group_id;
ALTER TABLE phases ALTER COLUMN threshold SET NOT NULL;

CREATE FUNCTION groups_revised() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
  $$ BEGIN NEW.revision := OLD.revision + 1; RETURN NEW; END $$;
CREATE TRIGGER revised BEFORE UPDATE ON groups FOR EACH ROW EXECUTE FUNCTION groups_revised();
"""

TABLES = """
CREATE TABLE halts (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid REFERENCES groups, version_id uuid REFERENCES versions,
  reason text NOT NULL, halted_at timestamptz NOT NULL, halted_by text NOT NULL,
  requested_at timestamptz, requested_by text, requested_by_id uuid, resumed_at timestamptz, resumed_by text, resume_reason text,
  self_approved boolean NOT NULL DEFAULT false, CONSTRAINT halts_target_check CHECK ((group_id IS NULL) <> (version_id IS NULL)));
CREATE UNIQUE INDEX halts_group_key ON halts (group_id) WHERE resumed_at IS NULL;
CREATE UNIQUE INDEX halts_version_key ON halts (version_id) WHERE resumed_at IS NULL;
CREATE INDEX halts_tenant_idx ON halts (tenant_id, halted_at DESC);

CREATE TABLE ramps (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid NOT NULL REFERENCES groups, version_id uuid NOT NULL REFERENCES versions,
  state text NOT NULL CHECK (state IN ('running', 'paused', 'completed', 'rolled_back', 'cancelled')), plan jsonb NOT NULL, step int NOT NULL,
  phase int NOT NULL, step_at timestamptz NOT NULL, started_at timestamptz NOT NULL, started_by text NOT NULL, ended_at timestamptz, words text NOT NULL);
CREATE UNIQUE INDEX ramps_open_key ON ramps (group_id) WHERE state IN ('running', 'paused');
CREATE INDEX ramps_group_idx ON ramps (group_id, started_at DESC);

CREATE TABLE ramp_decisions (
  ramp_id uuid NOT NULL REFERENCES ramps, number int NOT NULL, tenant_id uuid NOT NULL REFERENCES tenants, at timestamptz NOT NULL, by text NOT NULL,
  step int NOT NULL, decision text NOT NULL, words text NOT NULL, figures jsonb, PRIMARY KEY (ramp_id, number));

-- What processes say of themselves while they live. A crash of the server may forget it: each says it again within the fifth of a second.
CREATE UNLOGGED TABLE routers (
  id uuid PRIMARY KEY, host text NOT NULL, pid int NOT NULL, started_at timestamptz NOT NULL, polled_at timestamptz NOT NULL, known_at timestamptz,
  late uuid[] NOT NULL, loaded uuid[] NOT NULL) WITH (fillfactor = 50);
"""

OWNED = {"halts": "SELECT, INSERT, UPDATE", "ramps": "SELECT, INSERT, UPDATE", "ramp_decisions": "SELECT, INSERT"}

# A poll records the process in a statement of its own before it reads. So a transaction that locks all rows of `routers` and then finds one expired can rely on
# this: the process's next poll sees everything committed before.
ROUTERS = """
CREATE FUNCTION routing_poll(process uuid, on_host text, with_pid int, knows timestamptz, is_late uuid[], has_loaded uuid[],
    OUT at timestamptz, OUT stamp text, OUT halted jsonb)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE routers SET polled_at = clock_timestamp(), known_at = knows, late = is_late, loaded = has_loaded WHERE id = process;
  IF NOT FOUND THEN
    DELETE FROM routers WHERE polled_at < clock_timestamp() - interval '1 hour';
    INSERT INTO routers (id, host, pid, started_at, polled_at, known_at, late, loaded)
      VALUES (process, on_host, with_pid, clock_timestamp(), clock_timestamp(), knows, is_late, has_loaded);
  END IF;
  at := clock_timestamp();
  stamp := routing_stamp();
  halted := routing_halts();
END $$;

CREATE FUNCTION routing_halts() RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('tenant_id', h.tenant_id, 'group_id', h.group_id, 'version_id', h.version_id, 'by', h.halted_by,
    'reason', h.reason, 'at', h.halted_at)), '[]') FROM halts h WHERE h.resumed_at IS NULL $$;

CREATE FUNCTION routing_leave(process uuid) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$ DELETE FROM routers WHERE id = process $$;

-- How many living processes do not know what was so at a moment, or are late with a group; and how many have not loaded a version.
CREATE FUNCTION routers_behind(since timestamptz, wanted uuid, lease interval, OUT behind bigint)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM routers r FOR SHARE;
  SELECT count(*) INTO behind FROM routers r
    WHERE r.polled_at > clock_timestamp() - lease AND (r.known_at IS NULL OR r.known_at < since OR wanted = ANY (r.late));
END $$;

CREATE FUNCTION routers_cold(wanted uuid, lease interval) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT count(*) FROM routers r WHERE r.polled_at > clock_timestamp() - lease AND NOT wanted = ANY (r.loaded) $$;

CREATE FUNCTION running_ramps() RETURNS TABLE (ramp_id uuid, tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT r.id, r.tenant_id FROM ramps r WHERE r.state = 'running' $$;
"""

FUNCTIONS = (
    "routing_poll(uuid, text, int, timestamptz, uuid[], uuid[])", "routing_halts()", "routing_leave(uuid)", "routers_behind(timestamptz, uuid, interval)",
    "routers_cold(uuid, interval)", "running_ramps()",
)  # fmt: skip

STAMP = """
CREATE OR REPLACE FUNCTION routing_stamp() RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT count(*) || ':' || coalesce(sum(hashtextextended(id || ':' || {number}, 0)::numeric), 0) FROM groups WHERE deleted_at IS NULL $$;
"""

TABLE = """
DROP FUNCTION routing_table();
CREATE FUNCTION routing_table()
  RETURNS TABLE (group_id uuid, tenant_id uuid, slug text, salt text, threshold float8, phase int, {columns}members jsonb, versions jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT g.id, g.tenant_id, g.slug, g.salt, g.threshold, g.phase, {values}
    (SELECT jsonb_agg(jsonb_build_object('version_id', m.version_id, 'role', m.role, 'share', m.share, 'ranges', m.ranges))
     FROM members m WHERE m.group_id = g.id AND m.phase = g.phase),
    (SELECT jsonb_agg(jsonb_build_object('id', v.id, 'version', v.version, 'artifact', v.artifact, 'features', coalesce(v.document -> 'features', '[]'),
       'task', v.document -> 'task') ORDER BY first.phase, v.created_at)
     FROM (SELECT o.version_id, min(o.phase) AS phase FROM members o WHERE o.group_id = g.id GROUP BY o.version_id) AS first
     JOIN versions v ON v.id = first.version_id)
  FROM groups g WHERE g.deleted_at IS NULL AND g.phase > 0 $$;
REVOKE ALL ON FUNCTION routing_table() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION routing_table() TO tiltyard_app;
"""
COLUMNS = "revision bigint, on_control_loss text, time_budget_ms int, routing_key text, keep jsonb, "
VALUES = """g.revision, g.on_control_loss, g.time_budget_ms, g.routing_key,
    (SELECT jsonb_agg(c.version_id) FROM (SELECT k.version_id FROM members k WHERE k.group_id = g.id AND k.role = 'champion'
       GROUP BY k.version_id ORDER BY max(k.phase) DESC LIMIT 3) AS c),"""


def upgrade() -> None:
    """Settings of a group, what a phase keeps, halts, ramps, and the processes' leases."""
    script(GROUPS)
    script(TABLES)
    for table, rights in OWNED.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
        op.execute(f"GRANT {rights} ON {table} TO tiltyard_app")
    script(STAMP.format(number="revision"))
    script(TABLE.format(columns=COLUMNS, values=VALUES))
    script(ROUTERS)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Back to phases alone."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    script(TABLE.format(columns="", values=""))
    script(STAMP.format(number="phase"))
    for table in ("ramp_decisions", "ramps", "halts", "routers"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP TRIGGER revised ON groups")
    op.execute("DROP FUNCTION groups_revised()")
    op.execute("ALTER TABLE phases DROP COLUMN threshold, DROP COLUMN routing_key")
    op.execute(
        "ALTER TABLE groups DROP COLUMN revision, DROP COLUMN on_control_loss, DROP COLUMN time_budget_ms, DROP COLUMN routing_key, "
        "DROP COLUMN require_verdict, DROP COLUMN min_matured_share"
    )
