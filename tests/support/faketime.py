"""libfaketime, which gives a process its own clock."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLACES = ("usr/lib/*/faketime", "usr/lib/faketime", "usr/lib64/faketime")
INSTALL = ("install", "-y", "-qq", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends", "libfaketime")


def library(root: Path = Path("/")) -> Path:
    """Return its file for programs with threads. Install it by apt if it is missing and you are root; else fail with what to do. Skips on macOS."""
    if sys.platform != "linux":
        pytest.skip("libfaketime's preloading is for Linux")
    if found := find(root):
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.fail("This test needs libfaketime: install your system's `libfaketime` package.", pytrace=False)
    for arguments in (("update", "-qq"), INSTALL):
        subprocess.run(["apt-get", *arguments], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True, capture_output=True)
    installed = find(root)
    assert installed, "apt installed libfaketime, but its file is not at the expected place"
    return installed


def find(root: Path) -> Path | None:
    """Its file below a root, if it is there."""
    return next((file for place in PLACES for file in sorted(root.glob(f"{place}/libfaketimeMT.so.1"))), None)
