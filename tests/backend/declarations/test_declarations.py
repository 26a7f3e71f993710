"""What slices declare: each action and event once, in its slice's own file, and nothing undeclared is used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend import slices
from rpc.core.procedure import Kind
from rpc.root import root
from rpc.unaudited import UNAUDITED

ROOT = Path(__file__).resolve().parents[3]
KINDS = {"AlertKind": ("alerts", slices.alert_kinds), "AuditAction": ("actions", slices.audit_actions), "EventKind": ("events", slices.event_kinds)}
DECLARING = {one.name for one in slices.SLICES}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for package in ("backend", "rpc", "workers"):
        for path in (ROOT / package).rglob("*.py"):
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if called == name:
                yield node


@pytest.mark.parametrize("kind", KINDS)
def test_a_declaration_stands_in_its_slices_own_file(kind: str) -> None:
    file, _ = KINDS[kind]
    places = [path for path, tree in trees() if any(calls(tree, kind))]
    assert places
    assert [str(path) for path in places if path.name != f"{file}.py" or path.parts[1] not in DECLARING] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_declaration_is_found_has_a_name_of_its_own_and_words(kind: str) -> None:
    _, read = KINDS[kind]
    found = list(read().values())
    assert len(found) == sum(len(list(calls(tree, kind))) for _, tree in trees())
    assert [one.name for one in found if not one.words.endswith(".")] == []


def test_every_audit_call_uses_a_declared_action() -> None:
    """A constant of an `actions` module, a choice between two, an entry of its table, or what the calling function was given as an AuditAction."""

    def declared(argument: ast.expr, function: dict[str, str]) -> bool:
        if isinstance(argument, ast.IfExp):
            return declared(argument.body, function) and declared(argument.orelse, function)
        if isinstance(argument, ast.Subscript):
            return declared(argument.value, function)
        if isinstance(argument, ast.Name):
            return function.get(argument.id) == "AuditAction"
        return isinstance(argument, ast.Attribute) and isinstance(argument.value, ast.Name) and argument.value.id == "actions"

    seen, wrong = 0, []
    for path, tree in trees():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                parameters = {one.arg: ast.unparse(one.annotation) for one in function.args.args if one.annotation}
                for call in calls(ast.Module([*function.body], []), "audit"):
                    seen += 1
                    if not declared(call.args[0], parameters):
                        wrong.append(f"{path}:{call.lineno}")
    assert seen > 40
    assert wrong == []


def test_every_file_of_declarations_is_read() -> None:
    files = {"actions": "actions", "alerts": "alerts", "events": "events", "runs": "runs"}
    there = {
        (path.parent.name, path.stem) for stem in files for path in (ROOT / "backend").glob(f"*/{stem}.py") if path.parent.name not in {"declarations", "work"}
    }
    read = {(one.name, stem) for one in slices.SLICES for stem, attribute in files.items() if getattr(one, attribute)}
    assert read | {(one.name, "runs") for one in slices.SLICES if one.schedules} == there


def test_a_name_declared_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="Declared twice"):
        slices.audit_actions([one for one in slices.SLICES if one.name == "groups"] * 2)


def test_each_mutation_without_an_audit_entry_has_a_reason_in_the_reviewed_list() -> None:
    found = {path for path, one in root.procedures() if one.kind is Kind.MUTATION and not one.audited}
    assert found == set(UNAUDITED)
    assert all(reason.endswith(".") for reason in UNAUDITED.values())
