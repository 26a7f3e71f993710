"""libfaketime, which gives a process its own clock."""

import sys
from pathlib import Path

import pytest

from tests.support.apt import install

PLACES = ("usr/lib/*/faketime", "usr/lib/faketime", "usr/lib64/faketime")


def library(root: Path = Path("/")) -> Path:
    """Return its file for programs with threads. Install it by apt if it is missing and you are root; else fail with what to do. Skips on macOS."""
    if sys.platform != "linux":
        pytest.skip("libfaketime's preloading is for Linux")
    if found := find(root):
        return found
    install("libfaketime")
    installed = find(root)
    assert installed, "apt installed libfaketime, but its file is not at the expected place"
    return installed


def find(root: Path) -> Path | None:
    """Its file below a root, if it is there."""
    return next((file for place in PLACES for file in sorted(root.glob(f"{place}/libfaketimeMT.so.1"))), None)
