"""Tallies by cluster of buckets: those that are there have none, so every group's are made anew from its log by a run."""

from migrations.sql import script

revision = "20261122_clusters"
down_revision = "20261122_tally"
branch_labels = None
depends_on = None

ANEW = """
INSERT INTO tally_rebuilds (group_id, tenant_id, asked_at) SELECT id, tenant_id, now() FROM groups WHERE deleted_at IS NULL
ON CONFLICT (group_id) DO UPDATE SET run_id = NULL, asked_at = excluded.asked_at;
"""


def upgrade() -> None:
    """Ask for it. Until then a comparison reads the log itself."""
    script(ANEW)


def downgrade() -> None:
    """Nothing: what knows of no clusters passes over them."""
