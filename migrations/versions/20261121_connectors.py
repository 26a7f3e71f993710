"""Connectors: providers of language models, their sealed keys, and what uses them."""

from alembic import op

from migrations.sql import script

revision = "20261121_connectors"
down_revision = "20261121_log"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

TABLES = """
CREATE TABLE connectors (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, name text NOT NULL, provider text NOT NULL, base_url text NOT NULL, last4 text NOT NULL,
  created_at timestamptz NOT NULL, created_by text NOT NULL, rotated_at timestamptz, disabled_at timestamptz, last_test jsonb);
CREATE UNIQUE INDEX connectors_name_key ON connectors (tenant_id, lower(name));

CREATE TABLE connector_secrets (
  connector_id uuid NOT NULL REFERENCES connectors ON DELETE CASCADE, field text NOT NULL, tenant_id uuid NOT NULL REFERENCES tenants,
  kek_version int NOT NULL, wrapped_key bytea NOT NULL, ciphertext bytea NOT NULL, PRIMARY KEY (connector_id, field));

CREATE TABLE connector_uses (
  connector_id uuid NOT NULL REFERENCES connectors, subject text NOT NULL, tenant_id uuid NOT NULL REFERENCES tenants, since timestamptz NOT NULL,
  PRIMARY KEY (connector_id, subject));
CREATE INDEX connector_uses_subject_idx ON connector_uses (tenant_id, subject);

CREATE TABLE vault_canaries (kek_version int PRIMARY KEY, sealed bytea NOT NULL);

CREATE FUNCTION tenants_to_rewrap(current int) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT DISTINCT tenant_id FROM connector_secrets WHERE kek_version <> current $$;
"""

TENANT_OWNED = ("connectors", "connector_secrets", "connector_uses")


def upgrade() -> None:
    """Create the tables, their policies and the app's rights. A canary is written once and never changed."""
    script(TABLES)
    for table in TENANT_OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON connectors, connector_secrets, connector_uses TO tiltyard_app")
    op.execute("GRANT SELECT, INSERT ON vault_canaries TO tiltyard_app")
    op.execute("REVOKE ALL ON FUNCTION tenants_to_rewrap(int) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION tenants_to_rewrap(int) TO tiltyard_app")


def downgrade() -> None:
    """Remove them; the keys are gone."""
    op.execute("DROP FUNCTION tenants_to_rewrap(int)")
    for table in ("vault_canaries", "connector_uses", "connector_secrets", "connectors"):
        op.execute(f"DROP TABLE {table}")
