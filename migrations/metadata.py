"""All tables, for Alembic: each slice's `tables.py` is found and imported."""

import importlib
import pkgutil
from pathlib import Path

import backend
from backend.db.base import Base


def slices_with_tables() -> list[str]:
    """Return the names of the slices that have a `tables.py`."""
    folders = [Path(folder) / one.name for folder in backend.__path__ for one in pkgutil.iter_modules([folder]) if one.ispkg]
    return sorted(folder.name for folder in folders if (folder / "tables.py").exists())


for name in slices_with_tables():
    importlib.import_module(f"backend.{name}.tables")
METADATA = Base.metadata
