"""What a tenant shows to language models when it imports; decisions that are remembered with a mapping."""

from alembic import op

revision = "20261201_import_sharing"
down_revision = "20261201_access"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"


def upgrade() -> None:
    """Create the table with its policy and rights; add the decisions."""
    op.execute(
        """CREATE TABLE import_sharing (
          tenant_id uuid PRIMARY KEY REFERENCES tenants, shows text NOT NULL, short_words boolean NOT NULL, stricter jsonb NOT NULL,
          agreed_by text, agreed_at timestamptz)"""
    )
    op.execute("ALTER TABLE import_sharing ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON import_sharing USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON import_sharing TO tiltyard_app")
    op.execute("ALTER TABLE mappings ADD COLUMN decisions jsonb NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    """Remove them."""
    op.execute("ALTER TABLE mappings DROP COLUMN decisions")
    op.execute("DROP TABLE import_sharing")
