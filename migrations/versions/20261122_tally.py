"""Tallies: the comparison's sketches, updated while logging, and a rebuild for groups with older logs."""

from alembic import op

from migrations.sql import script

revision = "20261122_tally"
down_revision = "20261122_guarantee"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

# Writers only append, so none waits for another; compaction merges their rows later.
TABLES = """
CREATE TABLE tallies (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid NOT NULL REFERENCES groups, phase int NOT NULL,
  version_id uuid NOT NULL, other_id uuid, arm text NOT NULL CHECK (arm IN ('random', 'fallback', 'chosen', 'shadow', 'pair')), slot bigint NOT NULL,
  seconds int NOT NULL CHECK (seconds > 0), folded boolean NOT NULL DEFAULT false, rows bigint NOT NULL, labelled bigint NOT NULL, first uuid, last uuid,
  sketch bytea NOT NULL);
CREATE INDEX tallies_phase_idx ON tallies (group_id, phase);
CREATE INDEX tallies_open_idx ON tallies (group_id) WHERE NOT folded;
CREATE TABLE tally_rebuilds (
  group_id uuid PRIMARY KEY REFERENCES groups, tenant_id uuid NOT NULL REFERENCES tenants, asked_at timestamptz NOT NULL, run_id uuid);
INSERT INTO tally_rebuilds (group_id, tenant_id, asked_at) SELECT id, tenant_id, now() FROM groups WHERE deleted_at IS NULL;
ALTER TABLE groups ADD COLUMN maturity_hours float8 CHECK (maturity_hours >= 0);
"""

LOOKUPS = """
CREATE FUNCTION tally_backlog(most int) RETURNS TABLE (group_id uuid, tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT t.group_id, t.tenant_id FROM tallies t WHERE NOT t.folded GROUP BY 1, 2 HAVING count(*) > most $$;

CREATE FUNCTION tally_rebuilds_due() RETURNS TABLE (group_id uuid, tenant_id uuid, slug text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.group_id, r.tenant_id, g.slug FROM tally_rebuilds r JOIN groups g ON g.id = r.group_id
  WHERE g.deleted_at IS NULL AND (r.run_id IS NULL OR NOT EXISTS (SELECT FROM runs WHERE runs.id = r.run_id AND runs.status IN ('queued', 'running', 'failed'))) $$;
"""

FUNCTIONS = ("tally_backlog(int)", "tally_rebuilds_due()")
OWNED = {"tallies": "SELECT, INSERT, DELETE", "tally_rebuilds": "SELECT, INSERT, UPDATE, DELETE"}


def upgrade() -> None:
    """Create the tallies; every group that is there already is to be tallied from its log by a run."""
    script(TABLES)
    for table, rights in OWNED.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
        op.execute(f"GRANT {rights} ON {table} TO tiltyard_app")
    script(LOOKUPS)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Remove them: the log has it all."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("ALTER TABLE groups DROP COLUMN maturity_hours")
    for table in OWNED:
        op.execute(f"DROP TABLE {table}")
