"""How a group answers, as one document: settings that every process must know travel with the routing table without another column each."""

from alembic import op

revision = "20261201_answering"
down_revision = "20261201_log_names"

TABLE = """
DROP FUNCTION routing_table();
CREATE FUNCTION routing_table()
  RETURNS TABLE (group_id uuid, tenant_id uuid, slug text, salt text, threshold float8, phase int, revision bigint, on_control_loss text,
    time_budget_ms int, routing_key text, keep jsonb, {column}members jsonb, versions jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT g.id, g.tenant_id, g.slug, g.salt, g.threshold, g.phase, g.revision, g.on_control_loss, g.time_budget_ms, g.routing_key,
    (SELECT jsonb_agg(c.version_id) FROM (SELECT k.version_id FROM members k WHERE k.group_id = g.id AND k.role = 'champion'
       GROUP BY k.version_id ORDER BY max(k.phase) DESC LIMIT 3) AS c), {value}
    (SELECT jsonb_agg(jsonb_build_object('version_id', m.version_id, 'role', m.role, 'share', m.share, 'ranges', m.ranges))
     FROM members m WHERE m.group_id = g.id AND m.phase = g.phase),
    (SELECT jsonb_agg(jsonb_build_object('id', v.id, 'version', v.version, 'artifact', v.artifact, 'features', coalesce(v.document -> 'features', '[]'),
       'task', v.document -> 'task') ORDER BY first.phase, v.created_at)
     FROM (SELECT o.version_id, min(o.phase) AS phase FROM members o WHERE o.group_id = g.id GROUP BY o.version_id) AS first
     JOIN versions v ON v.id = first.version_id)
  FROM groups g WHERE g.deleted_at IS NULL AND g.phase > 0 $$
"""
RIGHTS = ("REVOKE ALL ON FUNCTION routing_table() FROM PUBLIC", "GRANT EXECUTE ON FUNCTION routing_table() TO tiltyard_app")


def _table(column: str, value: str) -> None:
    drop, create = TABLE.format(column=column, value=value).split(";\n", 1)
    for statement in (drop, create, *RIGHTS):
        op.execute(statement)


def upgrade() -> None:
    """Groups that are there answer as before."""
    op.execute("ALTER TABLE groups ADD COLUMN answering jsonb NOT NULL DEFAULT '{}'")
    _table("answering jsonb, ", "g.answering,")


def downgrade() -> None:
    """Without it."""
    _table("", "")
    op.execute("ALTER TABLE groups DROP COLUMN answering")
