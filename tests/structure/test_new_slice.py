"""A new slice: files of its own, and six existing files edited. A copy of the project gets one, and everything it declares works there."""

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from migrations.apply import head_revision

ROOT = Path(__file__).resolve().parents[2]
NEW = ROOT / "tests/support/toy_tree"
PARTS = ("backend", "rpc", "workers", "schemas", "migrations", "tests", "demo", "docs", "console", "pyproject.toml")
BUILT = ("__pycache__", "node_modules", "dist")
EDITS = {
    "backend/slices.py": {
        "from backend.tallies import runs as tallies_runs\n": "from backend.toys import actions as toys_actions\n"
        "from backend.toys import alerts as toys_alerts\nfrom backend.toys import events as toys_events\n"
        "from backend.toys import metrics as toys_metrics\nfrom backend.toys import runs as toys_runs\n",
        '    Slice(name="tallies", schedules=tallies_runs.SCHEDULES),\n': '    Slice(\n        name="toys",\n        runs=toys_runs.RUNS,\n'
        "        schedules=toys_runs.SCHEDULES,\n        sample=toys_metrics.sample,\n        actions=constants(toys_actions, AuditAction),\n"
        "        events=constants(toys_events, EventKind),\n        alerts=constants(toys_alerts, AlertKind),\n        checks=toys_alerts.checks,\n    ),\n",
    },
    "pyproject.toml": {'  "catalog",\n': '  "toys",\n'},
    "backend/access/permissions.py": {'    SYSTEM_RUN_READ = "system:run:read"\n': '    TOY_TOY_MAKE = "toy:toy:make"\n'},
    "rpc/root.py": {"from rpc.system import system\n": "from rpc.toys.router import toys\n", "models, runs, system": ", toys"},
    "console/src/nav.ts": {"label: 'System', icon: IconServer },\n": "  toys: { path: '/settings/toys', label: 'Toys', icon: IconCube },\n"},
    "console/src/routes/settings.tsx": {
        "'System') });\n": "const toys = createRoute({ getParentRoute: () => signedIn, path: SETTINGS.toys.path, "
        "component: lazyPage(() => import('@/features/toys/Toys'), 'Toys') });\n",
        "account, audit, system": ", toys",
    },
}
"""By file: what comes after a text that is there."""


def add_slice(tree: Path) -> None:
    """The slice's own files, and the edits."""
    shutil.copytree(NEW, tree, dirs_exist_ok=True)
    migration = tree / "migrations/versions/toys.py"
    migration.write_text(migration.read_text().replace("NEWEST", head_revision()))
    for name, edits in EDITS.items():
        text = (tree / name).read_text()
        for there, more in edits.items():
            assert text.count(there) == 1, f"{name} no longer has {there!r} once"
            text = text.replace(there, there + more)
        (tree / name).write_text(text)


def changed(tree: Path) -> set[str]:
    """Files of the project that are different in the copy. None may be gone."""
    files = [path.relative_to(ROOT) for part in PARTS for path in ((ROOT / part).rglob("*") if (ROOT / part).is_dir() else [ROOT / part])]
    there = [one for one in files if (ROOT / one).is_file() and not set(one.parts) & set(BUILT)]
    return {str(one) for one in there if not filecmp.cmp(ROOT / one, tree / one, shallow=False)}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project with the slice in it."""
    copy = tmp_path / "project"
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns(*BUILT))
        else:
            shutil.copy(ROOT / part, copy / part)
    (copy / "console/node_modules").symlink_to(ROOT / "console/node_modules")
    add_slice(copy)
    return copy


def run(tree: Path, *command: str, folder: str = ".") -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TILTYARD_", "PYTEST_"))}
    done = subprocess.run(command, cwd=tree / folder, env={**kept, "PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


@pytest.mark.timeout(900)
def test_a_new_slice_edits_six_existing_files_and_all_that_it_declares_works(tree: Path) -> None:
    assert changed(tree) == set(EDITS)
    assert len(EDITS) <= 6
    tools = Path(sys.executable).parent
    run(tree, str(tools / "lint-imports"), "--no-cache")
    run(tree, str(tools / "python"), "-m", "rpc.core.contract")
    run(tree, "npx", "tsc", "--noEmit", folder="console")  # the page's own link and call are typed by the router and the contract
    run(tree, "npx", "eslint", "src/features/toys", "src/nav.ts", "src/routes", "--max-warnings", "0", folder="console")
    checks = [
        "tests/backend/toys",
        "tests/backend/declarations",
        "tests/structure/test_tables.py",
        "tests/structure/test_sizes.py",
        "tests/structure/test_names.py",
    ]
    run(tree, str(tools / "pytest"), "-q", "-n", "0", *checks)
