"""Views that publish a slice's facts to others: versions with their model's names, groups, and members over time."""

from alembic import op

revision = "20261201_published"
down_revision = "20261201_answering"

# Each view reads with its caller's rights, so that row-level security applies as on the tables.
VIEWS = {
    "published_versions": """
SELECT v.tenant_id, v.id, v.model_id, v.version, v.artifact ->> 'meaning' AS meaning, m.name AS model_name, m.slug AS model_slug
FROM versions v JOIN models m ON m.id = v.model_id
""",
    "published_groups": "SELECT tenant_id, id, slug, name, phase, table_name, deleted_at FROM groups",
    "published_members": "SELECT tenant_id, group_id, phase, version_id, role FROM members",
}


def upgrade() -> None:
    """Make them, for the application to read."""
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} WITH (security_invoker = true) AS {query}")
        op.execute(f"GRANT SELECT ON {name} TO tiltyard_app")


def downgrade() -> None:
    """Drop them."""
    for name in VIEWS:
        op.execute(f"DROP VIEW {name}")
