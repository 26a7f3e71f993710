"""Explorations: what a group approves by lot, who asked for it and who approved it; and cut-offs tried as challengers."""

from alembic import op

from migrations.sql import script

revision = "20261201_exploration"
down_revision = "20261201_run_states"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

TABLES = """
CREATE TABLE explorations (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid NOT NULL REFERENCES groups, terms jsonb NOT NULL,
  allowed int NOT NULL CHECK (allowed > 0), spent int NOT NULL DEFAULT 0 CHECK (spent BETWEEN 0 AND allowed), reason text NOT NULL,
  requested_at timestamptz NOT NULL, requested_by text NOT NULL, requested_by_id uuid, approved_at timestamptz, approved_by text,
  self_approved boolean NOT NULL DEFAULT false, stopped_at timestamptz, stopped_by text);
CREATE INDEX explorations_group_idx ON explorations (tenant_id, group_id, requested_at);
ALTER TABLE group_decisions ADD COLUMN trials jsonb NOT NULL DEFAULT '[]';
"""


def upgrade() -> None:
    """No group explores anything yet."""
    script(TABLES)
    op.execute("ALTER TABLE explorations ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON explorations USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON explorations TO tiltyard_app")


def downgrade() -> None:
    """Explorations end."""
    op.execute("UPDATE groups SET answering = answering - 'exploration'")
    op.execute("ALTER TABLE group_decisions DROP COLUMN trials")
    op.execute("DROP TABLE explorations")
