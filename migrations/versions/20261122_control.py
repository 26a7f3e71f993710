"""Control of groups: what a lost lease means, halts, ramps, rollbacks."""

revision = "20261122_control"
down_revision = "20261122_import"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
