"""The generated Python client, against a real server; and what a type checker says of its use."""

import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from backend.access.permissions import P
from rpc.core import Ctx, Router
from rpc.core.contract.generate import generate
from rpc.core.contract.typescript import NoContract
from rpc.root import root
from schemas.common import Shape
from tests.rpc.core.conftest import wire_server
from tests.support.wire import app as wire_app


def load(name: str, text: str, folder: Path) -> ModuleType:
    """A generated module, imported."""
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The client of the conformance server's procedures."""
    return load("wire_client", generate(wire_app.root)["python/tiltyard_client.py"], tmp_path_factory.mktemp("client"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def origin() -> AsyncIterator[str]:
    """A conformance server."""
    async with wire_server() as address:
        yield address


def test_blocking_calls(wire: Any, origin: str) -> None:
    with wire.Tiltyard(origin) as hub:
        assert hub.ping() == "pong"
        assert hub.nothing() is None
        assert hub.hello(name="ü+ %😀") == {"text": "hi ü+ %😀"}
        assert hub.maybe() == {"got": "null"}
        assert hub.maybe({"name": "a"}) == {"got": "a"}
        assert hub.user.by_id("3")["name"] == "u3"
        assert hub.user.create(name="x") == {"id": "1", "name": "x", "role": "user"}
        assert hub.user.reset() is True
        assert hub.octets(b"abc") == 3
        form = hub.upload(fields={"name": "n"}, files={"file": ("a.txt", b"abc", "text/plain")})
        assert form == {"name": "n", "size": 3, "type": "text/plain", "filename": "a.txt"}


async def test_awaited_calls(wire: Any, origin: str) -> None:
    async with wire.AsyncTiltyard(f"{origin}/") as hub:
        assert await hub.ping() == "pong"
        assert (await hub.user.create(name="x", role="admin"))["role"] == "admin"
        assert await hub.octets(b"ab") == 2
        with pytest.raises(wire.Duplicate):
            await hub.fail()


def test_a_declared_error_has_its_own_class(wire: Any, origin: str) -> None:
    with wire.Tiltyard(origin) as hub, pytest.raises(wire.Duplicate) as caught:
        hub.fail()
    error = caught.value
    assert (error.code, error.reason, error.http_status, error.message, error.path) == ("CONFLICT", "duplicate", 409, "dup", "fail")
    assert error.data["retryAfter"] == 3
    assert len(error.request_id) == 32


def test_what_is_wrong_with_an_input_is_told_where_it_is(wire: Any, origin: str) -> None:
    with wire.Tiltyard(origin) as hub, pytest.raises(wire.Invalid) as caught:
        hub.hello(name="")
    assert [issue["pointer"] for issue in caught.value.issues] == ["/name"]


def test_an_answer_that_is_not_the_hubs_is_an_error_too(wire: Any) -> None:
    elsewhere = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(502, text="<html>bad gateway</html>")))
    with pytest.raises(wire.HubError, match="502 without JSON"):
        wire.Tiltyard("http://hub.example", http=elsewhere).ping()


def test_streams_come_item_by_item(wire: Any, origin: str) -> None:
    with wire.Tiltyard(origin) as hub:
        assert list(hub.gen()) == [1, 2]
        assert list(hub.mixed()) == [{"id": "1", "data": "a"}, "b", {"id": "2", "data": "c"}]
        assert [event["data"]["i"] for event in hub.tick(n=3)] == [0, 1, 2]


async def test_streams_are_awaited_item_by_item(wire: Any, origin: str) -> None:
    async with wire.AsyncTiltyard(origin) as hub:
        assert [item async for item in hub.gen()] == [1, 2]
        assert [event["data"]["i"] async for event in hub.tick(n=3)] == [0, 1, 2]


def test_a_stream_ends_with_the_error_that_ended_it(wire: Any, origin: str) -> None:
    with wire.Tiltyard(origin) as hub:
        for calls in (hub.gen_err, hub.sub_err):
            items = calls()
            assert next(items) == 1
            with pytest.raises(wire.HubError) as caught:
                next(items)
            assert caught.value.code == "FORBIDDEN"
        with pytest.raises(wire.Invalid):
            list(hub.tick(n="three"))


def test_a_broken_subscription_goes_on_after_its_last_event(wire: Any, origin: str) -> None:
    with wire.Tiltyard(origin) as hub:
        assert [event["id"] for event in hub.tick(n=4, fail_at=2)] == ["0", "1", "2", "3"]


def test_a_subscription_carries_the_token(wire: Any, origin: str) -> None:
    sent = []
    watching = httpx.Client(event_hooks={"request": [lambda request: sent.append(request.headers["authorization"])]})
    hub = wire.Tiltyard(origin, token="tyd_x", http=watching)
    assert list(hub.whoami())
    assert sent == ["Bearer tyd_x"]
    watching.close()


def test_a_changed_contract_is_told_once(tmp_path: Path, origin: str) -> None:
    text = generate(wire_app.root)["python/tiltyard_client.py"]
    old = load("old_client", text.replace('CONTRACT_HASH = "', 'CONTRACT_HASH = "0'), tmp_path)
    with old.Tiltyard(origin) as hub, pytest.warns(old.ContractChanged, match="generate the client again") as told:
        hub.user.reset() and hub.user.reset()
    assert len(told) == 1
    assert told[0].filename == __file__


USE = """from uuid import uuid4
from tiltyard_client import AsyncTiltyard, Group, GroupNotFound, Tiltyard

hub = Tiltyard("http://127.0.0.1:8321", token="tyd_x")
groups: list[Group] = hub.groups.list()
phase: int = groups[0]["phase"]["number"]
hub.groups.promote(slug="a", version_id=uuid4(), evidence_id="b")
try:
    hub.access.people.list()
except GroupNotFound as error:
    pointers: list[str] = [issue["pointer"] for issue in error.issues]


async def awaited(client: AsyncTiltyard) -> str:
    return (await client.groups.get(slug="a"))["endpoint"]
"""
WRONG = {
    "hub.groups.nothing()": "attr-defined",
    "hub.groups.get(slug=1)": "arg-type",
    "hub.groups.get()": "call-arg",
    "hub.groups.get(slog='a')": "call-arg",
    "hub.groups.get(slug='a')['nothing']": "typeddict-item",
    "hub.groups.create(name='a', slug='a', members=[{'version_id': 'a', 'role': 'king', 'share': 1}])": "typeddict-item",
    "text: str = hub.groups.get(slug='a')['threshold']": "assignment",
}


def test_the_strictest_type_checker_passes_right_uses_and_names_wrong_ones(tmp_path: Path) -> None:
    (tmp_path / "tiltyard_client.py").write_text(generate(root)["python/tiltyard_client.py"])
    (tmp_path / "use.py").write_text(USE + "".join(f"{line}  # type: ignore[{code}]\n" for line, code in WRONG.items()))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--warn-unused-ignores", "tiltyard_client.py", "use.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_names_that_python_keeps_for_itself_can_be_used(tmp_path: Path) -> None:
    span = msgspec.defstruct("Span", [("from", int), ("to", int, 3)], frozen=True, kw_only=True)

    async def import_(ctx: Ctx[Any, Any], input: Any) -> Any:
        return input

    import_.__annotations__ |= {"input": span, "return": span}
    odd = Router("class")
    odd.query(permission=P.ANYONE)(import_)
    module: Any = load("odd_client", generate(Router("", odd))["python/tiltyard_client.py"], tmp_path)
    sent = []
    here = httpx.Client(transport=httpx.MockTransport(lambda request: sent.append(request.url.params["input"]) or httpx.Response(200, json={"result": {}})))
    module.Tiltyard("http://hub.example", http=here).class_.import_(from_=1)
    assert sent == ['{"from": 1, "to": 3}']


def test_a_shape_with_a_name_the_module_needs_is_refused() -> None:
    class HubError(Shape, frozen=True, kw_only=True):
        text: str

    async def ask(ctx: Ctx[Any, Any]) -> HubError:
        return HubError(text="")

    ask.__annotations__["return"] = HubError
    router = Router()
    router.query(permission=P.ANYONE)(ask)
    with pytest.raises(NoContract, match="HubError"):
        generate(router)
