"""Toys."""

from alembic import op

revision = "toys"
down_revision = "NEWEST"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"


def upgrade() -> None:
    """Create the table with its policy and rights."""
    op.execute("CREATE TABLE toys (id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, name text NOT NULL, size int NOT NULL, weight int)")
    op.execute("ALTER TABLE toys ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON toys USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON toys TO tiltyard_app")


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP TABLE toys")
