"""Imported rows of long ago share partitions of 52 weeks: thousands of weeks make no thousands of tables."""

from alembic import op

revision = "20261201_old_logs"
down_revision = "20261201_runs"

LIST = """
CREATE OR REPLACE FUNCTION list_log_partitions(wanted uuid) RETURNS TABLE (name text, first timestamptz, until timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.name, p.week AT TIME ZONE 'UTC', (p.week + p.length) AT TIME ZONE 'UTC'
  FROM (SELECT c.relname::text AS name, to_timestamp(left(right(c.relname, {from_end}), 8), 'YYYYMMDD')::date::timestamp AS week, {length} AS length
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = log_relation((log_owned_group(wanted)).id)) AS p ORDER BY p.week $$
"""
NEW = {
    "from_end": "CASE WHEN c.relname LIKE '%\\_era' THEN 12 ELSE 8 END",
    "length": "CASE WHEN c.relname LIKE '%\\_era' THEN interval '52 weeks' ELSE interval '1 week' END",
}
OLD = {"from_end": "8", "length": "interval '1 week'"}

# Eras of 52 weeks begin on Mondays, so that weeks and eras never overlap in part. An era is made only where no week of it is there yet.
ADD = """
CREATE OR REPLACE FUNCTION add_import_partitions(wanted uuid, first timestamptz, until timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  log regclass := log_relation((log_owned_group(wanted)).id);
  origin timestamp := '2000-01-03';
  era timestamp := origin + floor(extract(epoch FROM (first AT TIME ZONE 'UTC') - origin) / 31449600) * interval '52 weeks';
  partition text := 'log_' || replace(wanted::text, '-', '') || '_' || to_char(era, 'YYYYMMDD') || '_era';
BEGIN
  IF log IS NULL OR first < '2000-01-01' OR until > hub_now() + interval '1 day' OR until > first + interval '8 days' THEN
    RAISE EXCEPTION 'no such partitions for group %', wanted USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('tiltyard log partitions ' || wanted, 0));
  IF EXISTS (SELECT FROM list_log_partitions(wanted) p WHERE p.first <= add_import_partitions.first AND add_import_partitions.first < p.until) THEN
    RETURN;
  END IF;
  IF (era + interval '52 weeks') AT TIME ZONE 'UTC' < hub_now() - interval '400 days' AND NOT EXISTS (
    SELECT FROM list_log_partitions(wanted) p WHERE p.first < (era + interval '52 weeks') AT TIME ZONE 'UTC' AND p.until > era AT TIME ZONE 'UTC') THEN
    EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, log);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', log, partition,
      log_bound(era AT TIME ZONE 'UTC'), log_bound((era + interval '52 weeks') AT TIME ZONE 'UTC'));
    RETURN;
  END IF;
  PERFORM log_make_partitions(wanted, log, first, until);
END $$
"""
BEFORE = """
CREATE OR REPLACE FUNCTION add_import_partitions(wanted uuid, first timestamptz, until timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  log regclass := log_relation((log_owned_group(wanted)).id);
BEGIN
  IF log IS NULL OR first < '2000-01-01' OR until > hub_now() + interval '1 day' OR until > first + interval '8 days' THEN
    RAISE EXCEPTION 'no such partitions for group %', wanted USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('tiltyard log partitions ' || wanted, 0));
  PERFORM log_make_partitions(wanted, log, first, until);
END $$
"""


def upgrade() -> None:
    """Partitions that are there stay as they are."""
    op.execute(LIST.format(**NEW))
    op.execute(ADD)


def downgrade() -> None:
    """Weeks alone. Eras that are there stay, and are listed as their first week."""
    op.execute(LIST.format(**OLD))
    op.execute(BEFORE)
