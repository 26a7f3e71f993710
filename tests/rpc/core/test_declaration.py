"""Declaring procedures: what is left out keeps the process from starting."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.access.permissions import P
from rpc.core import Ctx, FormData, Router
from rpc.core.procedure import DeclarationError
from schemas.common import Shape

Context = Ctx[Any, Any]


class Thing(Shape, frozen=True, kw_only=True):
    """A thing."""

    name: str


async def get_thing(ctx: Context, input: Thing) -> Thing:
    return input


def test_names_become_camel_case_paths_through_nested_routers() -> None:
    people = Router("people")
    people.query(permission=P.ANYONE)(get_thing)
    root = Router("", Router("access", people))
    assert [path for path, _ in root.procedures()] == ["access.people.getThing"]
    for path in ("access.people.getThing", "access_people_getThing", "access~people-getThing"):
        assert root.find(path)[0] == "access.people.getThing"
    assert root.find("access_people_no") == ("access_people_no", None)


def test_a_decorated_handler_stays_a_function() -> None:
    assert Router().query(permission=P.ANYONE)(get_thing) is get_thing


async def no_ctx(input: Thing) -> Thing:
    return input


async def bare_ctx(ctx, input: Thing) -> Thing:  # type: ignore[no-untyped-def]
    return input


async def bare_input(ctx: Context, input) -> Thing:  # type: ignore[no-untyped-def]
    return Thing(name="")


async def bare_return(ctx: Context):  # type: ignore[no-untyped-def]
    return None


async def odd_ctx(ctx: int) -> None: ...


def not_async(ctx: Context) -> None: ...


async def unannotated_stream(ctx: Context) -> int:  # type: ignore[misc]
    yield 1


async def then(ctx: Context) -> None: ...


@pytest.mark.parametrize("handler", [no_ctx, bare_ctx, bare_input, bare_return, odd_ctx, not_async, unannotated_stream, then])
def test_a_handler_that_leaves_something_out_is_refused(handler: Any) -> None:
    with pytest.raises(DeclarationError, match=handler.__name__):
        Router().query(permission=P.ANYONE)(handler)


def test_a_permission_is_a_known_one() -> None:
    with pytest.raises(DeclarationError, match="permission"):
        Router().query(permission="group:group:read")(get_thing)  # type: ignore[arg-type]


def test_a_name_is_taken_once() -> None:
    router = Router("things")
    router.query(permission=P.ANYONE)(get_thing)
    with pytest.raises(DeclarationError, match="already has 'getThing'"):
        router.mutation(permission=P.ANYONE)(get_thing)


async def follow(ctx: Context, input: str) -> AsyncIterator[int]:
    yield 1


async def stream(ctx: Context) -> AsyncIterator[int]:
    yield 1


async def form(ctx: Context, input: FormData) -> int:
    return 1


def test_what_cannot_travel_is_refused() -> None:
    with pytest.raises(DeclarationError, match="lastEventId"):
        Router().subscription(permission=P.ANYONE)(follow)
    with pytest.raises(DeclarationError, match="async generator"):
        Router().subscription(permission=P.ANYONE)(get_thing)
    with pytest.raises(DeclarationError, match="answers once"):
        Router().mutation(permission=P.ANYONE)(stream)
    with pytest.raises(DeclarationError, match="only a mutation"):
        Router().query(permission=P.ANYONE)(form)
