"""Audit entries keep the bytes that were hashed."""

from alembic import op

revision = "20261201_audit"
down_revision = "20261122_clusters"


def upgrade() -> None:
    """Entries written earlier have none: their bytes are recomputed from their columns."""
    op.execute("ALTER TABLE audit_entries ADD COLUMN canonical bytea")


def downgrade() -> None:
    """Forget them."""
    op.execute("ALTER TABLE audit_entries DROP COLUMN canonical")
