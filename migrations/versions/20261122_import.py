"""The import: drafts, remembered mappings, and what a version's document came from."""

revision = "20261122_import"
down_revision = "20261121_live"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
