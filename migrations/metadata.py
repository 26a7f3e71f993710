"""All tables, for Alembic: importing one table of a slice brings its others along."""

from backend.access.tables import PersonRow
from backend.alerts.tables import AlertRow
from backend.audit.tables import AuditRow
from backend.catalog.tables import ModelRow
from backend.connectors.tables import ConnectorRow
from backend.db.base import Base
from backend.groups.tables import GroupRow
from backend.importing.tables import DraftRow
from backend.live.tables import LiveEventRow
from backend.outcomes.tables import OutcomeRow
from backend.promotion.tables import RampRow
from backend.runs.tables import RunRow

SLICES = (PersonRow, AlertRow, AuditRow, ModelRow, ConnectorRow, GroupRow, DraftRow, OutcomeRow, LiveEventRow, RampRow, RunRow)
METADATA = Base.metadata
