"""The compatibility check names what breaks clients of an earlier contract, and nothing that does not."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from backend.access.permissions import P
from backend.errors import HubError
from rpc.core import Ctx, FormData, Router
from rpc.core.contract.__main__ import main
from rpc.core.contract.compat import changes
from rpc.core.contract.schema import contract
from rpc.core.procedure import Kind
from schemas.errors import ErrorCode

NO_INPUT = object()
A = {"tag": "a", "tag_field": "kind"}
B = {"tag": "b", "tag_field": "kind"}


class Told(HubError):
    """An error."""

    code = ErrorCode.CONFLICT


class ToldOtherwise(HubError):
    """The same error with another code."""

    code = ErrorCode.NOT_FOUND
    reason = "TOLD"


class ToldToo(HubError):
    """Another error."""


def shape(_name: str = "Thing", /, *fields: Any, **options: Any) -> Any:
    """A shape with these fields."""
    return msgspec.defstruct(_name, fields, frozen=True, kw_only=True, forbid_unknown_fields=True, **options)


def declared(
    input: Any = NO_INPUT, output: Any = int, kind: Kind = Kind.MUTATION, permission: P = P.ANYONE, errors: tuple[type[HubError], ...] = (), name: str = "ask"
) -> dict[str, Any]:
    """A contract of one procedure."""
    root = Router()
    router = Router("some")
    annotations = {"ctx": Ctx[Any, Any], "return": output} | ({} if input is NO_INPUT else {"input": input})
    if input is NO_INPUT:

        async def handler(ctx: Any) -> Any: ...

    else:

        async def handler(ctx: Any, input: Any) -> Any: ...  # type: ignore[misc]

    handler.__name__ = name
    handler.__annotations__ = annotations
    declare = router.query(permission=permission, errors=errors) if kind is Kind.QUERY else router.mutation(permission=permission, errors=errors)
    declare(handler)
    root.include(router)
    found: dict[str, Any] = json.loads(json.dumps(contract(root)))
    return found


def takes(*fields: Any) -> dict[str, Any]:
    """A contract whose procedure takes a shape with these fields."""
    return declared(shape("Thing", *fields))


def gives(*fields: Any) -> dict[str, Any]:
    """A contract whose procedure gives a shape with these fields."""
    return declared(output=shape("Thing", *fields))


def limited(annotation: Any, **limits: Any) -> dict[str, Any]:
    """A contract whose procedure takes one limited field."""
    return takes(("a", Annotated[annotation, msgspec.Meta(**limits)]))


BREAKING = {
    "a removed procedure": (declared(name="ask"), declared(name="other"), "some.ask: is gone"),
    "another kind": (declared(kind=Kind.QUERY), declared(), "some.ask: was a query, is a mutation"),
    "an input where there was none": (declared(), takes(("a", int)), "some.ask input: is now required, and there was none"),
    "an input that may no longer be left out": (
        takes(("a", int, 1)),
        takes(("a", int)),
        "some.ask input: may no longer be left out\nbreaking: some.ask input/a: is now required",
    ),
    "a new required field": (takes(("a", int)), takes(("a", int), ("b", int)), "some.ask input/b: is new and required"),
    "an optional field that is required": (takes(("a", int), ("b", int, 1)), takes(("a", int), ("b", int)), "some.ask input/b: is now required"),
    "a field no longer taken": (takes(("a", int), ("b", int, 1)), takes(("a", int)), "some.ask input/b: is no longer accepted"),
    "another type": (takes(("a", int)), takes(("a", str)), "some.ask input/a: no longer takes an integer"),
    "whole numbers only": (takes(("a", float)), takes(("a", int)), "some.ask input/a: no longer takes a number"),
    "null no longer taken": (takes(("a", int | None)), takes(("a", int)), "some.ask input/a: no longer takes null"),
    "an enum's value no longer taken": (takes(("a", Literal["x", "y"])), takes(("a", Literal["x"])), "some.ask input/a: no longer takes 'y'"),
    "text narrowed to an enum": (takes(("a", str)), takes(("a", Literal["x"])), "some.ask input/a: now takes only 'x'"),
    "a higher minimum": (limited(int, ge=1), limited(int, ge=2), "some.ask input/a: now takes only at least 2"),
    "an open minimum": (limited(int, ge=1), limited(int, gt=1), "some.ask input/a: now takes only more than 1"),
    "a lower maximum": (limited(int, le=9), limited(int, le=8), "some.ask input/a: now takes only at most 8"),
    "a new maximum": (takes(("a", int)), limited(int, lt=8), "some.ask input/a: now takes only less than 8"),
    "a shorter text": (limited(str, max_length=9), limited(str, max_length=8), "some.ask input/a: now takes only a length of at most 8"),
    "no empty list": (takes(("a", list[int])), limited(list[int], min_length=1), "some.ask input/a: now takes only a count of at least 1"),
    "a new pattern": (takes(("a", str)), limited(str, pattern="^a"), "some.ask input/a: now takes only the pattern ^a"),
    "a narrower item": (takes(("a", list[int | str])), takes(("a", list[int])), "some.ask input/a/*: no longer takes a string"),
    "a narrower value": (takes(("a", dict[str, Any])), takes(("a", dict[str, int])), "some.ask input/a/*: no longer takes anything at all"),
    "a longer tuple": (
        takes(("a", tuple[int, int])),
        takes(("a", tuple[int, int, int])),
        "some.ask input/a: was a list of 2, is one of 3",
    ),
    "a union's member no longer taken": (
        declared(shape("One", ("x", int), **A) | shape("Two", ("x", int), **B) | shape("Three", ("x", int), tag="c", tag_field="kind")),
        declared(shape("One", ("x", int), **A) | shape("Two", ("x", int), **B)),
        "some.ask input: no longer takes an object (Three)",
    ),
    "a change deep within": (
        declared(shape("Outer", ("inner", list[shape("Inner", ("a", int, 1))]))),
        declared(shape("Outer", ("inner", list[shape("Inner", ("a", int))]))),
        "some.ask input/inner/*/a: is now required",
    ),
    "a form in place of JSON": (takes(("a", int)), declared(FormData), "some.ask input: was application/json, is multipart/form-data"),
    "an output's field gone": (gives(("a", int), ("b", int)), gives(("a", int)), "some.ask output/b: is gone"),
    "an output's field null at times": (gives(("a", int)), gives(("a", int | None)), "some.ask output/a: may now be null"),
    "an output's field of another type": (gives(("a", int)), gives(("a", str)), "some.ask output/a: may now be a string"),
    "an output's number no longer whole": (gives(("a", int)), gives(("a", float)), "some.ask output/a: may now be a number"),
    "an output's field that may be anything": (gives(("a", int)), gives(("a", Any)), "some.ask output/a: may now be anything at all"),
    "an output's new enum value": (gives(("a", Literal["x"])), gives(("a", Literal["x", "y"])), "some.ask output/a: may now be 'y'"),
    "an output's enum that is any text": (gives(("a", Literal["x"])), gives(("a", str)), "some.ask output/a: may now be something other than 'x'"),
    "an output that may be nothing": (declared(output=int), declared(output=int | None), "some.ask output: may now be null"),
    "another code of an error": (declared(errors=(Told,)), declared(errors=(ToldOtherwise,)), "TOLD: was CONFLICT (409), is NOT_FOUND (404)"),
}
NOT_BREAKING = {
    "the same": (takes(("a", int)), takes(("a", int))),
    "a new procedure": (declared(), {**declared(), "procedures": {**declared()["procedures"], **declared(name="more")["procedures"]}}),
    "an input no longer asked for": (takes(("a", int)), declared()),
    "a new optional input": (declared(), takes(("a", int, 1))),
    "a new optional field": (takes(("a", int)), takes(("a", int), ("b", int, 1))),
    "a required field that is optional": (takes(("a", int)), takes(("a", int, 1))),
    "null taken too": (takes(("a", int)), takes(("a", int | None))),
    "any number taken": (takes(("a", int)), takes(("a", float))),
    "anything taken": (takes(("a", int)), takes(("a", Any))),
    "one more enum value taken": (takes(("a", Literal["x"])), takes(("a", Literal["x", "y"]))),
    "any text taken": (takes(("a", Literal["x"])), takes(("a", str))),
    "wider limits": (limited(int, ge=2, le=5), limited(int, ge=1, lt=7)),
    "a closed minimum": (limited(int, gt=1), limited(int, ge=1)),
    "no pattern": (limited(str, pattern="^a"), takes(("a", str))),
    "an output's new field": (gives(("a", int)), gives(("a", int), ("b", int))),
    "an output's field never null": (gives(("a", int | None)), gives(("a", int))),
    "an output's enum value gone": (gives(("a", Literal["x", "y"])), gives(("a", Literal["x"]))),
    "an output's shape renamed": (declared(output=shape("Old", ("a", int))), declared(output=shape("New", ("a", int)))),
    "an error no longer declared": (declared(errors=(Told,)), declared()),
}


@pytest.mark.parametrize(("earlier", "now", "said"), BREAKING.values(), ids=BREAKING)
def test_what_breaks_is_named(earlier: dict[str, Any], now: dict[str, Any], said: str) -> None:
    assert [str(change) for change in changes(earlier, now) if change.level == "breaking"] == f"breaking: {said}".split("\n")


@pytest.mark.parametrize(("earlier", "now"), NOT_BREAKING.values(), ids=NOT_BREAKING)
def test_what_breaks_nobody_is_let_pass(earlier: dict[str, Any], now: dict[str, Any]) -> None:
    assert [str(change) for change in changes(earlier, now) if change.level == "breaking"] == []


def test_what_somebody_should_know_is_noted() -> None:
    earlier, now = declared(errors=(Told,)), declared(errors=(ToldToo,), permission=P.GROUP_GROUP_READ)
    assert [str(change) for change in changes(earlier, now)] == [
        "note: some.ask: needed `anyone`, needs `group:group:read`",
        "note: some.ask: may now be refused as TOLD_TOO",
        "note: TOLD: is no longer a declared error",
    ]


def test_a_shape_that_holds_itself_is_compared_once() -> None:
    tree = declared(Tree)
    assert changes(tree, tree) == []
    assert len(changes(tree, declared(int))) == 1


class Tree(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shape that holds itself."""

    children: list["Tree"]


def test_the_command_tells_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = ["--root", "tests.support.wire.app:root"]
    assert main([*root, str(tmp_path)]) == 0
    earlier = tmp_path / "contract.json"
    assert main([*root, "--compat", str(earlier)]) == 0
    assert "continue to work" in capsys.readouterr().out
    document = json.loads(earlier.read_text())
    document["procedures"]["gone"] = document["procedures"]["ping"]
    earlier.write_text(json.dumps(document))
    assert main([*root, "--compat", str(earlier)]) == 1
    assert capsys.readouterr().out == "breaking: gone: is gone\n1 breaking\n"
    earlier.write_text("[")
    assert main([*root, "--compat", str(earlier)]) == 2
    assert "is not a readable contract.json" in capsys.readouterr().err
