"""Access: one case folding for e-mail addresses, people by tenant, tokens that end with their parent token, log table names without other tenants' facts."""

from alembic import op

from migrations.sql import script

revision = "20261201_access"
down_revision = "20261201_audit"
branch_labels = None
depends_on = None

# The collation "C" folds A to Z and nothing else, as `folded` of backend/access/rules.py does, whatever the server's locale.
EMAILS = """
DROP INDEX people_email_key;
CREATE UNIQUE INDEX people_email_key ON people (tenant_id, lower(email COLLATE "C"));
CREATE INDEX people_email_idx ON people (lower(email COLLATE "C"));
CREATE OR REPLACE FUNCTION find_person(wanted text) RETURNS SETOF people
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT * FROM people WHERE lower(email COLLATE "C") = lower(wanted COLLATE "C") ORDER BY created_at, id LIMIT 20 $$;
"""

NO_EMAILS = """
DROP INDEX people_email_idx;
DROP INDEX people_email_key;
CREATE UNIQUE INDEX people_email_key ON people (lower(email));
CREATE OR REPLACE FUNCTION find_person(wanted text) RETURNS SETOF people
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT * FROM people WHERE lower(email) = lower(wanted) $$;
"""


def upgrade() -> None:
    """Change the indexes and the look-up; add a token's maker."""
    script(EMAILS)
    op.execute("ALTER TABLE api_tokens ADD COLUMN parent_id uuid REFERENCES api_tokens")
    op.execute("CREATE INDEX api_tokens_parent_id_idx ON api_tokens (parent_id) WHERE parent_id IS NOT NULL")


def downgrade() -> None:
    """As before; fails where two tenants have a person of one address."""
    op.execute("ALTER TABLE api_tokens DROP COLUMN parent_id")
    script(NO_EMAILS)
