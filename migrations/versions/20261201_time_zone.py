"""The application sets a tenant's time zone; nothing else of a tenant."""

from alembic import op

revision = "20261201_time_zone"
down_revision = "20261201_old_logs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give the right to one column."""
    op.execute("GRANT UPDATE (time_zone) ON tenants TO tiltyard_app")


def downgrade() -> None:
    """Take it back."""
    op.execute("REVOKE UPDATE (time_zone) ON tenants FROM tiltyard_app")
