"""A WebSocket that has been open for a while acts with the rights of now, and not for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from backend.access import people
from backend.access.tokens import create_token, revoke_token
from backend.hub import Hub
from rpc.core.http import Options, RpcApp
from rpc.host import ProductHost, cookie_name
from rpc.root import root
from schemas.access import CreateToken, PersonRef, Role, SetRoles, TokenRef
from tests.support.people import PASSWORD, add, enter
from tests.support.serving import serving
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy

NEVER = Options(recheck_interval=3600)


@asynccontextmanager
async def socket_of(app: RpcApp, **headers: str) -> AsyncIterator[ClientConnection]:
    async with serving(app) as port, connect(f"ws://127.0.0.1:{port}/rpc", additional_headers=headers, proxy=None) as socket:
        yield socket


async def ask(socket: ClientConnection, method: str, path: str, **given: Any) -> Any:
    """What a call over the socket is answered."""
    await socket.send(msgspec.json.encode({"id": 1, "method": method, "params": {"path": path, "input": given}}).decode())
    async with asyncio.timeout(20):
        while True:
            said = await socket.recv()
            if said != "PING" and (answer := msgspec.json.decode(said))["id"] == 1:
                return answer


async def everything(socket: ClientConnection) -> list[str | bytes]:
    """All that is said until the socket is closed."""
    said: list[str | bytes] = []
    with suppress(ConnectionClosed):
        while True:
            said.append(await socket.recv())
    return said


def refusal(answer: Any) -> str:
    return str(answer.get("error", {}).get("data", {}).get("code", "none"))


def newcomer(*roles: Role) -> dict[str, Any]:
    return {"email": f"{uuid4().hex[:12]}@people.example", "name": "New", "password": PASSWORD, "roles": list(roles)}


async def test_a_demoted_administrator_adds_nobody_over_a_socket_opened_before(hub: Hub, tenant: Tenant) -> None:
    second = await add(hub, tenant.admin, Role.ADMIN)
    cookie = f"{cookie_name(hub.settings)}={await enter(hub, second.email)}"
    async with socket_of(RpcApp(root, ProductHost(hub), NEVER), cookie=cookie) as socket:
        assert "result" in await ask(socket, "mutation", "access.people.create", **newcomer(Role.ADMIN))
        async with hub.work(tenant.admin) as work:
            await people.set_roles(work, SetRoles(person_id=second.id, roles=[Role.VIEWER]))
        assert refusal(await ask(socket, "mutation", "access.people.create", **newcomer(Role.VIEWER))) == "FORBIDDEN"
        assert refusal(await ask(socket, "query", "access.people.list")) == "FORBIDDEN"
        async with hub.work(tenant.admin) as work:
            await people.disable_person(work, PersonRef(person_id=second.id))
        assert refusal(await ask(socket, "query", "models.list")) == "UNAUTHORIZED"


async def test_a_revoked_token_makes_nothing_over_a_socket_opened_before(hub: Hub, tenant: Tenant) -> None:
    async with hub.work(tenant.admin) as work:
        made = await create_token(work, CreateToken(name="socket", scopes=["*"]))
    async with socket_of(RpcApp(root, ProductHost(hub), NEVER), authorization=f"Bearer {made.secret}") as socket:
        assert "result" in await ask(socket, "mutation", "models.create", name="First", slug=f"m{uuid4().hex[:8]}")
        async with hub.work(tenant.admin) as work:
            await revoke_token(work, TokenRef(token_id=made.token.id))
        assert refusal(await ask(socket, "mutation", "models.create", name="Second", slug=f"m{uuid4().hex[:8]}")) == "UNAUTHORIZED"
        assert refusal(await ask(socket, "subscription", "runs.onProgress")) == "UNAUTHORIZED"


async def test_a_socket_lasts_its_longest_and_its_client_is_asked_to_connect_anew(hub: Hub, tenant: Tenant) -> None:
    async with socket_of(RpcApp(root, ProductHost(hub), Options(max_duration=0.3)), authorization=f"Bearer {tenant.token}") as socket:
        async with asyncio.timeout(20):
            said = await everything(socket)
    assert msgspec.json.decode(said[-1]) == {"id": None, "method": "reconnect"}
    assert socket.close_code == 1012
