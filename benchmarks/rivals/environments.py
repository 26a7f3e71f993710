"""Environments of the rivals: created once with uv in the user's cache folder, by package name."""

import os
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "mlserver": ["mlserver", "mlserver-lightgbm"],
    "litserve": ["litserve", "lightgbm"],
    "bentoml": ["bentoml", "lightgbm"],
    "mlflow": ["mlflow", "lightgbm"],
}
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tiltyard" / "bench-serving"


def environment(name: str) -> Path:
    """Return the `bin` folder of a rival's environment, created now if it is missing."""
    folder = CACHE / name
    ready = folder / ".installed"
    if not ready.exists():
        print(f"installing {' '.join(PACKAGES[name])} into {folder}", flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "-q", "--allow-existing", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", str(folder / "bin" / "python"), *PACKAGES[name]], check=True)
        ready.touch()
    return folder / "bin"


def version(name: str) -> str:
    """Return the installed release."""
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run([str(environment(name) / "python"), "-c", code], check=True, capture_output=True, text=True).stdout.strip()
