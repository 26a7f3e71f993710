"""A slice's SQL names its own tables, and the views and functions that other slices publish."""

import ast
import importlib
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

import backend
from backend.db.base import Base
from migrations.metadata import METADATA

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"
UNMAPPED = {
    "idempotency_keys": "inference_log",
    "stale_answers": "serving",
    "routers": "groups",
    "tallies": "tallies",
    "tally_rebuilds": "tallies",
    "imports": "importing",
    "live_counters": "live",
}
"""Tables that no class maps, and their owners."""
WRITES_FOR = {"work": {"audit", "live"}}
"""A unit of work writes audit entries and live events; the slices audit and live read them."""
NAMED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:ONLY\s+)?([a-z_][a-z0-9_]*)\b(?!\s*\()")
LOG_WRITERS = {"decisions", "inference_log", "outcomes"}
"""A group's log has a table by name; the log's slice writes its rows, `outcomes` and `decisions` the columns of what comes later."""
WRITES_A_LOG = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s*(?:\{|$)")
STATEMENT = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|JOIN|FROM)\b")


def slice_of(path: Path) -> str:
    return path.relative_to(BACKEND).parts[0].removesuffix(".py")


def owners() -> dict[str, str]:
    """Each table's slice."""
    mapped = {mapper.local_table.name: mapper.class_.__module__.split(".")[1] for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
    return mapped | UNMAPPED


def published() -> dict[str, str]:
    """Each view that a slice's `tables.py` publishes, with the slice."""
    slices = [one.name for one in pkgutil.iter_modules(backend.__path__, "backend.") if (BACKEND / one.name.split(".")[1] / "tables.py").exists()]
    return {view: name.split(".")[1] for name in slices for view in getattr(importlib.import_module(f"{name}.tables"), "PUBLISHED", ())}


def texts(path: Path) -> list[str]:
    """The string literals of a file that are not docstrings."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)}
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs]


def named_tables(path: Path) -> set[str]:
    return {name for text in texts(path) if STATEMENT.search(text) for name in NAMED.findall(text)}


FILES = sorted(path for path in BACKEND.rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sql_names_tables_of_its_own_slice_only(path: Path) -> None:
    mine = {slice_of(path)} | WRITES_FOR.get(slice_of(path), set())
    foreign = {name: owner for name in named_tables(path) if (owner := owners().get(name)) and owner not in mine}
    assert not foreign, f"{path.relative_to(ROOT)} reads tables of other slices: ask their service, or a view that they publish in tables.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rows_of_logs_are_written_by_the_slice_of_the_log(path: Path) -> None:
    written = [text for text in texts(path) if WRITES_A_LOG.search(text)]
    assert slice_of(path) in LOG_WRITERS or not written, f"{path.relative_to(ROOT)} writes into logs: call backend/inference_log instead"


def test_every_file_of_sql_is_closed_to_other_slices() -> None:
    """import-linter takes no pattern like `*_repository`, so pyproject.toml names each such file."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    closed = next(set(contract["forbidden_modules"]) for contract in contracts if contract["id"] == "own-slice")
    sql = [path for path in FILES if path.stem.endswith(("_repository", "_queries"))]
    assert sql
    assert [name for path in sql if (name := ".".join(path.relative_to(ROOT).with_suffix("").parts)) not in closed] == []


def test_procedures_and_jobs_hold_no_sql_on_tables() -> None:
    files = [path for folder in ("rpc", "workers") for path in (ROOT / folder).rglob("*.py")]
    assert {str(path.relative_to(ROOT)): found for path in files if (found := named_tables(path) & set(owners()))} == {}


def test_every_table_has_an_owner_and_every_published_view_is_described() -> None:
    assert set(METADATA.tables) <= set(owners())
    page = (ROOT / "docs/architecture.md").read_text()
    assert [view for view in published() if f"`{view}`" not in page] == []


def test_the_search_finds_a_table_of_another_slice(tmp_path: Path) -> None:
    file = tmp_path / "repository.py"
    file.write_text('"""FROM runs"""\nQUERY = "SELECT x FROM members m JOIN versions v ON true"\nCALL = "SELECT * FROM list_logs()"\n')
    assert named_tables(file) == {"members", "versions"}
