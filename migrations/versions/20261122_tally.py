"""Tallies: the comparison's sketches, kept while logging."""

revision = "20261122_tally"
down_revision = "20261122_guarantee"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
