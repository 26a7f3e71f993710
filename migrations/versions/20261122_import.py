"""The import: drafts, remembered mappings, and what a version's document came from."""

from alembic import op

from migrations.sql import script

revision = "20261122_import"
down_revision = "20261121_live"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

TABLES = """
CREATE TABLE import_drafts (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, file_name text NOT NULL, sha256 text NOT NULL, content bytea NOT NULL,
  state jsonb NOT NULL, created_by text NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);
CREATE INDEX import_drafts_tenant_idx ON import_drafts (tenant_id, created_at DESC);
CREATE INDEX import_drafts_expiry_idx ON import_drafts (expires_at);

CREATE TABLE mappings (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, fingerprint text NOT NULL, rules jsonb NOT NULL, mapped_by text NOT NULL, format text,
  file_name text NOT NULL, created_by text NOT NULL, created_at timestamptz NOT NULL, times_used int NOT NULL DEFAULT 0, last_used_at timestamptz,
  revoked_by text, revoked_at timestamptz);
CREATE UNIQUE INDEX mappings_fingerprint_key ON mappings (tenant_id, fingerprint) WHERE revoked_at IS NULL;

CREATE TABLE imports (
  version_id uuid PRIMARY KEY REFERENCES versions, tenant_id uuid NOT NULL REFERENCES tenants, file_name text NOT NULL, sha256 text NOT NULL,
  content bytea NOT NULL, mapping_id uuid REFERENCES mappings, record jsonb NOT NULL, imported_by text NOT NULL, imported_at timestamptz NOT NULL);
CREATE INDEX imports_sha256_idx ON imports (tenant_id, sha256);
"""

# What the hub does for all tenants at once: a draft is gone some time after it expired.
FUNCTION = """
CREATE FUNCTION prune_import_drafts() RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (DELETE FROM import_drafts WHERE expires_at < now() RETURNING 1) SELECT count(*) FROM gone $$;
"""

TENANT_OWNED = ("import_drafts", "mappings", "imports")


def upgrade() -> None:
    """Create the tables, their policies and the app's rights: what a version came from is written once, and a mapping is revoked, not deleted."""
    script(TABLES)
    for table in TENANT_OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON import_drafts TO tiltyard_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON mappings TO tiltyard_app")
    op.execute("GRANT SELECT, INSERT ON imports TO tiltyard_app")
    script(FUNCTION)
    op.execute("REVOKE ALL ON FUNCTION prune_import_drafts() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION prune_import_drafts() TO tiltyard_app")


def downgrade() -> None:
    """Remove them; drafts, mappings and sources are gone."""
    op.execute("DROP FUNCTION prune_import_drafts()")
    for table in ("imports", "mappings", "import_drafts"):
        op.execute(f"DROP TABLE {table}")
