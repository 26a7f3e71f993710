"""Tests stand where a newcomer looks for them: `tests/backend/x/y` holds the tests of `backend/x/y`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_folder_of_backend_tests_has_its_folder_in_the_backend() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests/backend").rglob("test_*.py")}
    assert sorted(str(folder) for folder in folders if not (ROOT / folder / "__init__.py").exists()) == []
