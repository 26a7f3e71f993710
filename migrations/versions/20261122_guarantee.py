"""The log's guarantee: replay of the same request, dead letters, retention, legal hold, erasure."""

revision = "20261122_guarantee"
down_revision = "20261122_control"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
