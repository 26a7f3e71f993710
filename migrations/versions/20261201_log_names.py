"""Names of log tables reveal nothing about other tenants: all but the first carry a mark of their tenant, whether the name was taken or not."""

from migrations.sql import script

revision = "20261201_log_names"
down_revision = "20261201_alerts"
branch_labels = None
depends_on = None

FREE_NAME = """
CREATE OR REPLACE FUNCTION log_free_name(slug text, wanted uuid) RETURNS text LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  free text := 'inference_log_' || slug;
{marked}BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tiltyard log names', 0));
{marking}  IF octet_length(free) > 63 THEN
    free := left(free, 54) || '_' || left(encode(sha256(convert_to(free, 'UTF8')), 'hex'), 8);
  END IF;
  IF EXISTS (SELECT FROM groups g WHERE g.table_name = free AND g.id <> wanted) OR to_regclass(quote_ident(free)) IS NOT NULL THEN
    free := left(free, 50) || '_' || right(replace(wanted::text, '-', ''), 12);
  END IF;
  RETURN free;
END $$;
"""

MARKED = "  mine uuid := (SELECT g.tenant_id FROM groups g WHERE g.id = wanted);\n"
MARKING = """  IF mine <> (SELECT t.id FROM tenants t ORDER BY t.created_at, t.id LIMIT 1) THEN
    free := free || '_' || left(encode(sha256(convert_to(mine::text, 'UTF8')), 'hex'), 10);
  END IF;
"""


def upgrade() -> None:
    """Mark the names of tables to come."""
    script(FREE_NAME.format(marked=MARKED, marking=MARKING))


def downgrade() -> None:
    """As before."""
    script(FREE_NAME.format(marked="", marking=""))
