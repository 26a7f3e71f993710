"""The house: tenants, people, tokens, audit, runs, models, versions, groups; row-level security under all of it."""

from alembic import op

from migrations.sql import script

revision = "20261121_house"
down_revision = None
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('tiltyard.tenant', true), '')::uuid"

TABLES = """
CREATE TABLE tenants (
  id uuid PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL);

CREATE TABLE people (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, email text NOT NULL, name text NOT NULL, password_hash text NOT NULL,
  roles text[] NOT NULL, disabled boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX people_email_key ON people (lower(email));

CREATE TABLE sessions (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, person_id uuid NOT NULL REFERENCES people, secret_hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL, revoked_at timestamptz);

CREATE TABLE api_tokens (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, person_id uuid NOT NULL REFERENCES people, name text NOT NULL, prefix text NOT NULL,
  secret_hash bytea NOT NULL UNIQUE, scopes text[] NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz, last_used_at timestamptz,
  revoked_at timestamptz);

CREATE TABLE audit_entries (
  tenant_id uuid NOT NULL REFERENCES tenants, seq bigint NOT NULL CHECK (seq > 0), at timestamptz NOT NULL, actor text NOT NULL, actor_id uuid,
  action text NOT NULL, subject text NOT NULL, before jsonb, after jsonb, prev_hash text NOT NULL, hash text NOT NULL,
  PRIMARY KEY (tenant_id, seq));
CREATE INDEX audit_entries_subject_idx ON audit_entries (tenant_id, subject text_pattern_ops, seq);

CREATE TABLE runs (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, kind text NOT NULL, subject text NOT NULL, args jsonb NOT NULL, status text NOT NULL,
  attempts int NOT NULL DEFAULT 0, percent float8, stage text, error text, result jsonb, created_at timestamptz NOT NULL, due_at timestamptz NOT NULL,
  started_at timestamptz, heartbeat_at timestamptz, finished_at timestamptz, worker_id text);
CREATE INDEX runs_open_idx ON runs (due_at) WHERE status IN ('queued', 'running');
CREATE INDEX runs_tenant_idx ON runs (tenant_id, created_at DESC);

CREATE TABLE workers (
  worker_id text PRIMARY KEY, host text NOT NULL, pid int NOT NULL, started_at timestamptz NOT NULL, seen_at timestamptz NOT NULL);

CREATE TABLE models (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, slug text NOT NULL, name text NOT NULL, description text,
  created_at timestamptz NOT NULL, UNIQUE (tenant_id, slug));

CREATE TABLE versions (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, model_id uuid NOT NULL REFERENCES models, version text NOT NULL, state text NOT NULL,
  document jsonb NOT NULL, artifact jsonb, created_by text NOT NULL, created_at timestamptz NOT NULL, UNIQUE (model_id, version));

CREATE TABLE groups (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, slug text NOT NULL, name text NOT NULL, table_name text NOT NULL UNIQUE,
  salt text NOT NULL, threshold float8 NOT NULL, decision_metric text NOT NULL, phase int NOT NULL, created_at timestamptz NOT NULL, created_by text NOT NULL,
  deleted_at timestamptz);
CREATE UNIQUE INDEX groups_slug_key ON groups (tenant_id, slug) WHERE deleted_at IS NULL;

CREATE TABLE phases (
  group_id uuid NOT NULL REFERENCES groups, number int NOT NULL, tenant_id uuid NOT NULL REFERENCES tenants, opened_at timestamptz NOT NULL,
  opened_by text NOT NULL, reason text NOT NULL, PRIMARY KEY (group_id, number));

CREATE TABLE members (
  group_id uuid NOT NULL, phase int NOT NULL, version_id uuid NOT NULL REFERENCES versions, tenant_id uuid NOT NULL REFERENCES tenants, role text NOT NULL,
  share int NOT NULL CHECK (share BETWEEN 0 AND 10000), ranges jsonb NOT NULL, PRIMARY KEY (group_id, phase, version_id),
  FOREIGN KEY (group_id, phase) REFERENCES phases);
CREATE UNIQUE INDEX members_champion_key ON members (group_id, phase) WHERE role = 'champion';

CREATE TABLE promotions (
  id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, group_id uuid NOT NULL REFERENCES groups, phase int NOT NULL, at timestamptz NOT NULL,
  by text NOT NULL, from_version uuid NOT NULL REFERENCES versions, to_version uuid NOT NULL REFERENCES versions, reason text NOT NULL, evidence jsonb NOT NULL,
  evidence_hash text NOT NULL);
"""

TENANT_OWNED = (
    "people", "sessions", "api_tokens", "audit_entries", "runs", "models", "versions", "groups", "phases", "members", "promotions",
)  # fmt: skip

# What must be found before a tenant is known. Each function answers one question and runs as the owner.
LOOKUPS = """
CREATE FUNCTION find_person(wanted text) RETURNS SETOF people
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT * FROM people WHERE lower(email) = lower(wanted) $$;

CREATE FUNCTION find_session(wanted bytea)
  RETURNS TABLE (session_id uuid, tenant_id uuid, tenant_name text, person_id uuid, email text, name text, roles text[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT s.id, t.id, t.name, p.id, p.email, p.name, p.roles FROM sessions s JOIN people p ON p.id = s.person_id JOIN tenants t ON t.id = s.tenant_id
     WHERE s.secret_hash = wanted AND s.revoked_at IS NULL AND s.expires_at > now() AND NOT p.disabled $$;

CREATE FUNCTION find_token(wanted bytea)
  RETURNS TABLE (token_id uuid, tenant_id uuid, tenant_name text, person_id uuid, email text, name text, roles text[], token_name text, scopes text[],
    stale boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT k.id, t.id, t.name, p.id, p.email, p.name, p.roles, k.name, k.scopes,
       k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute'
     FROM api_tokens k JOIN people p ON p.id = k.person_id JOIN tenants t ON t.id = k.tenant_id
     WHERE k.secret_hash = wanted AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) AND NOT p.disabled $$;

CREATE FUNCTION create_tenant(new_id uuid, new_name text, moment timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ INSERT INTO tenants (id, name, created_at) VALUES (new_id, new_name, moment) $$;

CREATE FUNCTION count_tenants() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT count(*) FROM tenants $$;

CREATE FUNCTION lost_runs(moment timestamptz, silence interval) RETURNS TABLE (run_id uuid, tenant_id uuid, kind text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT id, runs.tenant_id, runs.kind FROM runs
     WHERE (status = 'queued' AND due_at < moment - silence) OR (status = 'running' AND coalesce(heartbeat_at, started_at) < moment - silence) $$;

CREATE FUNCTION find_run(wanted uuid) RETURNS TABLE (tenant_id uuid, kind text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT runs.tenant_id, runs.kind FROM runs WHERE id = wanted $$;
"""

FUNCTIONS = (
    "find_person(text)", "find_session(bytea)", "find_token(bytea)", "create_tenant(uuid, text, timestamptz)", "count_tenants()",
    "lost_runs(timestamptz, interval)", "find_run(uuid)",
)  # fmt: skip


def upgrade() -> None:
    """Create the app role (once per server), the tables, their policies and the app's rights."""
    op.execute(
        """DO $$ BEGIN
             IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tiltyard_app') THEN
               CREATE ROLE tiltyard_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
             END IF;
           END $$"""
    )
    script(TABLES)
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO tiltyard_app")
    for table in TENANT_OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("ALTER TABLE tenants ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON tenants USING (id = {TENANT})")
    op.execute("GRANT SELECT ON tenants, audit_entries, promotions TO tiltyard_app")
    op.execute("GRANT INSERT ON audit_entries, promotions TO tiltyard_app")
    op.execute("GRANT SELECT, INSERT ON phases, members TO tiltyard_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON people, sessions, api_tokens, runs, models, versions, groups TO tiltyard_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO tiltyard_app")
    script(LOOKUPS)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tiltyard_app")


def downgrade() -> None:
    """Remove everything but the role, which other databases of the server may use."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for table in (
        "promotions",
        "members",
        "phases",
        "groups",
        "versions",
        "models",
        "workers",
        "runs",
        "audit_entries",
        "api_tokens",
        "sessions",
        "people",
        "tenants",
    ):
        op.execute(f"DROP TABLE {table}")
    op.execute("REVOKE ALL ON SCHEMA public FROM tiltyard_app")
