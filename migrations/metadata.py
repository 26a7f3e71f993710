"""All tables, for Alembic: those of every slice that has a `tables.py`."""

from importlib import import_module
from pathlib import Path

import backend
from backend.db.base import Base

for found in sorted(Path(backend.__path__[0]).glob("*/tables.py")):
    import_module(f"backend.{found.parent.name}.tables")

METADATA = Base.metadata
