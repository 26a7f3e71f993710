"""Programs of the system that a test needs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

INSTALL = ("install", "-y", "-qq", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends")
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def program(name: str, package: str) -> Path:
    """Where it is. Installed by apt where it is missing and you are root; fails with words where that cannot be, skips on macOS."""
    if sys.platform != "linux":
        pytest.skip(f"{name} is looked for on Linux")
    if found := shutil.which(name, path=PLACES):
        return Path(found)
    install(package)
    installed = shutil.which(name, path=PLACES)
    assert installed, f"apt installed {package}, and {name} is not where it is expected"
    return Path(installed)


def install(package: str) -> None:
    """Install a package; nothing of it is started."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.fail(f"This test needs your system's `{package}` package: install it.", pytrace=False)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for arguments in (("update", "-qq"), (*INSTALL, package)):
        subprocess.run(["apt-get", *arguments], env=environment, check=True, capture_output=True)
