"""Datasets: uploads, snapshots, appended rows."""

from alembic import op

from migrations.sql import script

revision = "20261201_datasets"
down_revision = "20261201_exploration"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

TABLES = """
CREATE TABLE datasets (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, slug text NOT NULL, name text NOT NULL, kind text NOT NULL,
  created_at timestamptz NOT NULL, created_by text NOT NULL, retention_days int, legal_hold text, CONSTRAINT datasets_slug_key UNIQUE (tenant_id, slug));
CREATE TABLE dataset_uploads (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, dataset_id uuid NOT NULL REFERENCES datasets, file_name text NOT NULL, sha256 text NOT NULL,
  size_bytes bigint NOT NULL, format text NOT NULL, delimiter text, columns jsonb NOT NULL, created_at timestamptz NOT NULL, created_by text NOT NULL,
  expires_at timestamptz NOT NULL, sealed_at timestamptz);
CREATE INDEX dataset_uploads_dataset_idx ON dataset_uploads (dataset_id);
CREATE TABLE dataset_snapshots (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, dataset_id uuid NOT NULL REFERENCES datasets, number int NOT NULL,
  state text NOT NULL CHECK (state IN ('preparing', 'ready', 'failed', 'expired')), source jsonb NOT NULL, choices jsonb NOT NULL, columns jsonb NOT NULL,
  rows bigint, content_hash text, file_sha256 text, size_bytes bigint, time_from timestamptz, time_to timestamptz, quality jsonb, preview jsonb, message text,
  issues jsonb NOT NULL, issue_count bigint NOT NULL, erasures jsonb NOT NULL, run_id uuid, created_at timestamptz NOT NULL, created_by text NOT NULL,
  CONSTRAINT dataset_snapshots_number_key UNIQUE (dataset_id, number));
CREATE TABLE dataset_rows (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, dataset_id uuid NOT NULL REFERENCES datasets,
  key text NOT NULL, "values" jsonb NOT NULL, received_at timestamptz NOT NULL, received_by text NOT NULL,
  CONSTRAINT dataset_rows_key_key UNIQUE (dataset_id, key));
CREATE INDEX dataset_rows_order_idx ON dataset_rows (dataset_id, id);
"""
OWNED = {
    "datasets": "SELECT, INSERT, UPDATE",
    "dataset_uploads": "SELECT, INSERT, UPDATE, DELETE",
    "dataset_snapshots": "SELECT, INSERT, UPDATE",
    "dataset_rows": "SELECT, INSERT, DELETE",
}


def upgrade() -> None:
    """Hubs that are there have no datasets."""
    script(TABLES)
    for table, rights in OWNED.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
        op.execute(f"GRANT {rights} ON {table} TO tiltyard_app")


def downgrade() -> None:
    """Without datasets. Their rows are lost."""
    for table in reversed(OWNED):
        op.execute(f"DROP TABLE {table}")
