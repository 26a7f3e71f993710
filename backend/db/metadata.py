"""All tables, for Alembic."""

from backend.access import tables as access
from backend.audit import tables as audit
from backend.catalog import tables as catalog
from backend.db.base import Base
from backend.groups import tables as groups
from backend.inference import tables as inference
from backend.runs import tables as runs

SLICES = (access, audit, catalog, groups, inference, runs)
METADATA = Base.metadata
