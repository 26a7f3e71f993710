"""The pipeline: who may call, what is committed, what is refused."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest

from backend.access.permissions import P
from backend.actor import ANONYMOUS, Actor
from backend.errors import HubError, Unauthorized
from rpc.core import Ctx, Request, Router
from rpc.core.http import Options, RpcApp
from rpc.core.inputs import JsonInput, invalid
from rpc.core.outputs import Output
from schemas.common import Json, Page, Shape

Context = Ctx[Any, "Ledger"]
READER = Actor(kind="person", name="Reader", permissions=frozenset({P.GROUP_GROUP_READ}))


@dataclass
class Ledger:
    """A unit of work that remembers how it ended."""

    read_only: bool
    audited: int = 0
    ended: str = "open"

    def amended(self, answer: Any) -> Any:
        """What is known of how it ended."""
        return f"{answer}, {self.ended}" if answer == "changed" else answer


@dataclass
class Host:
    """A host with one actor, whose units of work are kept."""

    actor: Actor
    hub: None = None
    works: list[Ledger] = field(default_factory=list)

    async def authenticate(self, request: Request) -> Actor:
        if request.headers.get("authorization") == "Bearer bad":
            raise Unauthorized("that token is no good")
        return self.actor

    @asynccontextmanager
    async def work(self, actor: Actor, *, read_only: bool) -> AsyncIterator[Ledger]:
        ledger = Ledger(read_only)
        self.works.append(ledger)
        try:
            yield ledger
        except BaseException:
            ledger.ended = "rolled back"
            raise
        ledger.ended = "committed"


root = Router()


@root.query(permission=P.ANYONE)
async def anyone(ctx: Context) -> str:
    return ctx.actor.name


@root.query(permission=P.SIGNED_IN)
async def signed_in(ctx: Context) -> str:
    return ctx.actor.name


@root.query(permission=P.GROUP_GROUP_READ)
async def reading(ctx: Context) -> int:
    return 1


@root.mutation(permission=P.GROUP_GROUP_READ)
async def silent(ctx: Context) -> int:
    return 1


@root.mutation(permission=P.GROUP_GROUP_READ)
async def recorded(ctx: Context) -> int:
    ctx.work.audited += 1
    return 1


@root.mutation(permission=P.ANYONE, audited=False)
async def change(ctx: Context) -> str:
    return "changed"


@root.mutation(permission=P.GROUP_GROUP_PROMOTE)
async def promote(ctx: Context) -> int:
    return 1


@root.mutation(permission=P.ANYONE, audited=False)
async def unspeakable(ctx: Context) -> Any:
    return object()


@root.mutation(permission=P.ANYONE, audited=False)
async def sign_in(ctx: Context) -> bool:
    ctx.set_cookie("tiltyard_session", "s3cret", max_age=60)
    ctx.clear_cookie("other")
    return True


def client(host: Host, options: Options | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(RpcApp(root, host, options)), base_url="http://hub.example/rpc")


async def code(host: Host, path: str, **headers: str) -> str:
    async with client(host) as http:
        kind = {"content-type": "application/json"}
        query = (root.find(path)[1] or pytest.fail(path)).kind == "query"
        answer = await (http.get(path, headers=headers) if query else http.post(path, headers=kind | headers))
    body = answer.json()
    return str(body["error"]["data"]["code"]) if "error" in body else "OK"


@pytest.mark.parametrize(
    ("path", "nobody", "reader"),
    [
        ("anyone", "OK", "OK"),
        ("signedIn", "UNAUTHORIZED", "OK"),
        ("reading", "UNAUTHORIZED", "OK"),
        ("promote", "UNAUTHORIZED", "FORBIDDEN"),
    ],
)
async def test_only_those_who_may_get_in(path: str, nobody: str, reader: str) -> None:
    assert await code(Host(ANONYMOUS), path) == nobody
    assert await code(Host(READER), path) == reader


async def test_bad_credentials_fail_every_call_of_a_batch() -> None:
    async with client(Host(READER)) as http:
        answer = await http.get("anyone,reading?batch=1", headers={"authorization": "Bearer bad"})
    assert answer.status_code == 401
    assert [part["error"]["message"] for part in answer.json()] == ["that token is no good"] * 2


async def test_a_query_reads_only_and_a_mutation_commits() -> None:
    host = Host(READER)
    assert await code(host, "reading") == await code(host, "recorded") == "OK"
    assert [(work.read_only, work.ended) for work in host.works] == [(True, "committed"), (False, "committed")]


async def test_what_is_learned_after_the_commit_is_in_the_answer() -> None:
    async with client(Host(ANONYMOUS)) as http:
        answer = await http.post("change", headers={"content-type": "application/json"})
    assert answer.json() == {"result": {"data": "changed, committed"}}


async def test_a_mutation_that_leaves_no_audit_entry_is_undone() -> None:
    host = Host(READER)
    assert await code(host, "silent") == "INTERNAL_SERVER_ERROR"
    assert host.works[0].ended == "rolled back"


async def test_a_result_that_cannot_be_sent_is_undone() -> None:
    host = Host(READER)
    assert await code(host, "unspeakable") == "INTERNAL_SERVER_ERROR"
    assert host.works[0].ended == "rolled back"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, False),
        ({"x-tiltyard": "1"}, True),
        ({"authorization": "Bearer good"}, True),
        ({"authorization": ""}, False),
        ({"authorization": "Bearer "}, False),
        ({"authorization": "Basic Z29vZDpnb29k"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://hub.example"}, False),
        ({"origin": "http://hub.example"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
    ],
)
async def test_a_cookie_alone_does_not_prove_that_our_own_page_asks(headers: dict[str, str], allowed: bool) -> None:
    host = Host(READER)
    assert await code(host, "recorded", cookie="tiltyard_session=x", **headers) == ("OK" if allowed else "FORBIDDEN")
    assert len(host.works) == allowed


async def test_without_a_cookie_there_is_nothing_to_protect() -> None:
    assert await code(Host(READER), "recorded") == "OK"


async def test_handlers_can_set_and_clear_cookies() -> None:
    async with client(Host(ANONYMOUS)) as http:
        answer = await http.post("signIn", headers={"content-type": "application/json"})
    assert answer.headers.get_list("set-cookie") == [
        "tiltyard_session=s3cret; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
        "other=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
    ]


async def test_stack_traces_are_sent_in_development_only() -> None:
    for development in (True, False):
        async with client(Host(READER), Options(development=development)) as http:
            answer = await http.post("silent", headers={"content-type": "application/json"})
        assert ("stack" in answer.json()["error"]["data"]) is development


class Inner(Shape, frozen=True, kw_only=True):
    """Within."""

    share: int
    notes: dict[str, int] = {}


class Outer(Shape, frozen=True, kw_only=True):
    """Without."""

    members: list[Inner]


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ('{"members":[{"share":1},{"share":"x"}]}', "/members/1/share"),
        ('{"members":[{}]}', "/members/0/share"),
        ('{"members":[{"share":1,"a/b~c":2}]}', "/members/0/a~1b~0c"),
        ('{"members":[{"share":1,"notes":{"a":"x"}}]}', "/members/0/notes"),
        ("3", ""),
    ],
)
def test_a_wrong_input_is_pointed_at(sent: str, pointer: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(sent, type=Outer)
    assert [issue.pointer for issue in invalid(caught.value).issues] == [pointer]


def test_an_input_whose_fields_all_have_defaults_may_be_left_out() -> None:
    class Listing(Shape, frozen=True, kw_only=True):
        limit: int = 50

    assert JsonInput(Listing).decode(None) == Listing()
    assert not JsonInput(Outer).optional


def test_a_cursor_the_input_has_is_kept() -> None:
    class Listing(Shape, frozen=True, kw_only=True):
        cursor: str | None = None

    assert JsonInput(Listing).decode(msgspec.Raw(b'{"cursor":"c","direction":"forward"}')) == Listing(cursor="c")


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (math.nan, b"null"),
        ([math.inf, 1.5], b"[null,1.5]"),
        (2**53 - 1, b"9007199254740991"),
        (2**53, b'"9007199254740992"'),
        ([1, {"at": -(2**53)}, "x"], b'[1,{"at":"-9007199254740992"},"x"]'),
        ({"a": [-(2**60)]}, b'{"a":["-1152921504606846976"]}'),
        (["x:12345678901234567890", 1234567890123456.5], b'["x:12345678901234567890",1234567890123456.5]'),
        (Page(items=[2**55]), b'{"items":["36028797018963968"],"next_cursor":null}'),
    ],
)
def test_numbers_that_javascript_would_spoil_are_sent_another_way_where_any_json_is_declared(value: Any, sent: bytes) -> None:
    assert Output(Json).encode(value) == sent


@pytest.mark.parametrize("sent", [b"[" * 20_000, b'{"members":' * 20_000, b'["a', b"[1,", b'{"members":[}'])
def test_an_input_that_is_no_json_is_refused_however_deep_and_whatever_its_type(sent: bytes) -> None:
    with pytest.raises(HubError) as refused:
        JsonInput(Outer).decode(msgspec.Raw(sent))
    assert refused.value.code == "BAD_REQUEST"
