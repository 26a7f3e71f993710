"""A process that cannot load a version reports the reason, so that the version does not seem in preparation forever."""

from alembic import op

from migrations.sql import script

revision = "20261201_load_failures"
down_revision = "20261201_old_logs"

ROUTERS = """
ALTER TABLE routers ADD COLUMN failed jsonb NOT NULL DEFAULT '{}';

CREATE FUNCTION routing_failures(process uuid, failures jsonb) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$ UPDATE routers SET failed = failures WHERE id = process $$;

-- How many living processes still load a version; and why one of them does not, where it failed.
CREATE FUNCTION routers_preparing(wanted uuid, lease interval) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT count(*) FROM routers r
     WHERE r.polled_at > hub_now() - lease AND NOT wanted = ANY (r.loaded) AND NOT jsonb_exists(r.failed, wanted::text) $$;

CREATE FUNCTION routers_failure(wanted uuid, lease interval) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT min(r.failed ->> wanted::text) FROM routers r WHERE r.polled_at > hub_now() - lease AND NOT wanted = ANY (r.loaded) $$;
"""
FUNCTIONS = ("routing_failures(uuid, jsonb)", "routers_preparing(uuid, interval)", "routers_failure(uuid, interval)")


def upgrade() -> None:
    """What each process could not load."""
    script(ROUTERS)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Processes tell what they have loaded, alone."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("ALTER TABLE routers DROP COLUMN failed")
