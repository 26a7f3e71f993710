"""One name, one meaning."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_CLIENTS = {"rpc/core/contract/python_runtime.py"}
"""The text of the generated Python client: another program, with an error class of its own."""
DECLARED = {"RUNS", "SCHEDULES", "PUBLISHED"}
"""What each slice declares under one name."""


def classes() -> dict[str, list[str]]:
    """Each class of the backend and of rpc by name, with the files that define it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for folder in ("backend", "rpc"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name not in OF_CLIENTS:
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.ClassDef):
                        found[node.name].append(name)
    return found


def test_no_two_classes_of_the_backend_and_of_rpc_have_one_name() -> None:
    assert {name: files for name, files in classes().items() if len(files) > 1} == {}


def test_no_constant_is_called_after_nothing() -> None:
    """`KEPT` alone had eight meanings."""
    vague = {"KEPT"}
    files = [path for folder in ("backend", "rpc", "workers") for path in (ROOT / folder).rglob("*.py")]
    named = {str(path.relative_to(ROOT)): names for path in files if (names := vague & _constants(path))}
    assert named == {}


def test_no_constant_has_more_than_three_meanings() -> None:
    """A constant is named after what it limits or counts: `MOST` and `SECONDS` had five meanings each and more."""
    by_value: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for folder in ("backend", "rpc", "schemas", "workers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name, value in assigned(path).items():
                if name not in DECLARED and not value.startswith("TypeVar("):
                    by_value[name].setdefault(value, str(path.relative_to(ROOT)))
    assert {name: list(values.values()) for name, values in by_value.items() if len(values) > 3} == {}


def assigned(path: Path) -> dict[str, str]:
    """The constants of a module, each with its value's source text."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            named, value = target, getattr(node, "value", None)
            pairs = zip(named.elts, value.elts, strict=False) if isinstance(named, ast.Tuple) and isinstance(value, ast.Tuple) else [(named, value)]
            found |= {one.id: ast.unparse(said) for one, said in pairs if isinstance(one, ast.Name) and one.id.isupper() and said is not None}
    return found


def _constants(path: Path) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
