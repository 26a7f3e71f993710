"""Files that are whole or not there."""

import os
from pathlib import Path


def place(draft: Path, path: Path) -> None:
    """Put a draft in its place, on disk, in one step: a crash leaves the whole file or none."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
