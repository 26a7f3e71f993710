"""All tables, for Alembic: importing one table of a slice brings its others along."""

from backend.access.tables import PersonRow
from backend.audit.tables import AuditRow
from backend.catalog.tables import ModelRow
from backend.connectors.tables import ConnectorRow
from backend.db.base import Base
from backend.groups.tables import GroupRow
from backend.inference.tables import OutcomeRow
from backend.runs.tables import RunRow

SLICES = (PersonRow, AuditRow, ModelRow, ConnectorRow, GroupRow, OutcomeRow, RunRow)
METADATA = Base.metadata
