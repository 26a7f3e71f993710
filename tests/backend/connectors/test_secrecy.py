"""A key is written nowhere: after every procedure and every fault, whatever the run left is searched for it."""

import base64
import contextlib
import dataclasses
import io
import logging
import pickle
import re
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from backend.adapters.guarded_transport import AddressGuard
from backend.adapters.openai_compatible import OpenAiCompatible
from backend.hub import Hub
from backend.ids import new_id
from backend.ports.secrets import Secret
from backend.settings import Settings
from rpc.core.call import Exchange, call
from rpc.core.context import Request
from rpc.core.errors import envelope, report
from rpc.host import ProductHost
from rpc.root import root
from schemas.connectors import CreateConnector, Provider, RotateConnector
from tests.backend.connectors.conftest import KEY, URL
from tests.support.openai_server import Fault, OpenAiServer
from tests.support.tenants import Tenant

ROTATED = "sk-proj-r0tat3d-Kx7Jq2Wm9Zt4Yb6N"
PROCEDURES = dict(root.procedures())
PIECES = [piece for key in (KEY, ROTATED) for piece in (key, key[::-1], key[:12], key[-12:], base64.b64encode(key.encode()).decode()[:-4])]
"""What would give a key away; its last four characters are meant to be shown."""


class Everything:
    """What a run says: each log record with its traceback, every answer, every error as the caller gets it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.heard = io.StringIO()
        self._handler = logging.StreamHandler(self.heard)
        self._handler.setLevel(logging.DEBUG)

    def __enter__(self) -> "Everything":
        self._level = logging.getLogger().level
        logging.getLogger().addHandler(self._handler)
        logging.getLogger().setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        logging.getLogger().setLevel(self._level)

    async def do(self, hub: Hub, tenant: Tenant, path: str, said: object = None) -> Any:
        """Call a procedure as HTTP does; keep what comes of it."""
        exchange = Exchange(ProductHost(hub), Request(), actor=tenant.admin)
        try:
            answer = await call(exchange, PROCEDURES[path], None if said is None else msgspec.Raw(msgspec.json.encode(said)))
        except Exception as error:
            report(error, path=path, request_id="r")
            logging.getLogger("tests").exception("%s failed", path)
            self.said += [repr(error), str(vars(error)), repr(envelope(error, path=path, request_id="r", stack="".join(_traceback(error))))]
            return None
        self.said.append(answer.decode())
        return msgspec.json.decode(answer)


def _traceback(error: Exception) -> list[str]:
    import traceback

    return traceback.format_exception(error)


async def tables(settings: Settings) -> dict[str, str]:
    """Every column of every row of every table, as text and with bytes as they are."""
    owner = await asyncpg.connect(settings.database_url)
    try:
        names = [row[0] for row in await owner.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")]
        found = {name: [dict(row) for row in await owner.fetch(f'SELECT * FROM "{name}"')] for name in names}
    finally:
        await owner.close()
    return {name: "\n".join(_plain(value) for row in rows for value in row.values()) for name, rows in found.items()}


def _plain(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("debug", [False, True])
async def test_whatever_a_run_wrote_holds_no_key(
    hub: Hub, tenant: Tenant, provider: OpenAiServer, address: str, settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str], debug: bool
) -> None:
    """Over sockets, so that what the libraries log of a connection is there too."""
    provider.keys = set()
    hub = dataclasses.replace(hub, settings=msgspec.structs.replace(settings, private_hosts=address), llm=OpenAiCompatible(AddressGuard(frozenset({address}))))
    with Everything() as run, contextlib.ExitStack() as loud:
        if debug:
            loud.enter_context(_everything_at_debug())
        made = await run.do(hub, tenant, "connectors.create", {"name": "Models", "provider": "compatible", "api_key": KEY, "base_url": f"http://{address}/v1"})
        ref = {"connector_id": made["id"]}
        assert await run.do(hub, tenant, "connectors.models", ref)
        for fault in Fault:
            for path in ("connectors.test", "connectors.models"):
                provider.fail(fault, seconds=0.01)
                await run.do(hub, tenant, path, ref)
        await _imports(run, hub, tenant, provider, ref)
        await run.do(hub, tenant, "connectors.rotate", {**ref, "api_key": ROTATED})
        for wrong in _wrong_inputs(ref):
            await run.do(hub, tenant, *wrong)
        for path in ("connectors.test", "connectors.disable", "connectors.models", "connectors.enable", "connectors.list", "connectors.delete"):
            await run.do(hub, tenant, path, None if path.endswith("list") else ref)
        await run.do(hub, tenant, "audit.list", {})
    sent = {asked.key for asked in provider.asked}
    assert sent == {KEY, ROTATED}, "the keys did reach the provider"
    out, err = capfd.readouterr()
    places = {"answers": "\n".join(run.said), "log": run.heard.getvalue(), "output": out + err, **await tables(settings)}
    for folder in (settings.data_dir, tmp_path):
        places |= {str(file): file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file()}
    assert len(places["answers"]) > 5000
    assert {"connectors.test", "imports.propose", "imports.commit"} <= set(re.findall(r"[a-z]+\.[A-Za-z]+", places["audit_entries"]))
    assert "PROVIDER_KEY_REFUSED" in places["import_drafts"], "what went wrong is kept with the draft, without the key"
    assert [(place, piece) for place, content in places.items() for piece in PIECES if piece in content] == []


async def _imports(run: Everything, hub: Hub, tenant: Tenant, provider: OpenAiServer, ref: dict[str, str]) -> None:
    """A language model is asked to map and to rewrite a file, with every fault once and once without; one draft is committed."""
    given = {"name": "m.json", "text": '{"model_name": "m", "auc": 0.8, "unknown thing": 3}', **ref, "llm_model": "gpt-test"}
    await run.do(hub, tenant, "imports.setSharing", {"shows": "file"})
    for mode in ("map", "rewrite"):
        for fault in Fault:
            provider.fail(fault, path="/v1/chat", seconds=0.01)
            assert await run.do(hub, tenant, "imports.propose", {**given, "mode": mode})
            provider.scripts.clear()
    draft = await run.do(hub, tenant, "imports.propose", given)
    await run.do(hub, tenant, "imports.revise", {"draft_id": draft["draft_id"], **ref})
    assert await run.do(hub, tenant, "imports.commit", {"draft_id": draft["draft_id"]})
    await run.do(hub, tenant, "imports.draft", {"draft_id": draft["draft_id"]})


def _wrong_inputs(ref: dict[str, str]) -> list[tuple[str, object]]:
    """Inputs with a key in them that are refused."""
    return [
        ("connectors.create", {"name": "Models", "provider": "openai", "api_key": KEY, "base_url": URL}),
        ("connectors.create", {"name": "X", "provider": "compatible", "api_key": KEY, "base_url": "https://127.0.0.1/v1"}),
        ("connectors.create", {"name": "X", "provider": "compatible", "api_key": KEY, "base_url": f"https://user:{KEY}@models.example.com/v1"}),
        ("connectors.create", {"name": "X", "provider": "compatible", "api_key": f"{KEY}\n", "base_url": URL}),
        ("connectors.create", {"name": "X", "provider": "nobody", "api_key": KEY}),
        ("connectors.create", {"name": "", "provider": "openai", "api_key": KEY}),
        ("connectors.create", {"name": "X", "provider": "openai", "api_key": KEY * 100}),
        ("connectors.create", {"name": "X", "provider": "openai", "api_key": [KEY]}),
        ("connectors.create", {"name": "Models", "provider": "openai", "api_key": KEY}),
        ("connectors.rotate", {"connector_id": str(new_id()), "api_key": KEY}),
        ("connectors.rotate", {**ref, "api_key": KEY, "key": KEY}),
    ]


@contextlib.contextmanager
def _everything_at_debug():  # type: ignore[no-untyped-def]
    """As an operator who turns every logger up, the libraries' own included."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in {"openai", "httpx2", "httpcore2", "asyncpg", "tiltyard", "asyncio"}]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def test_a_secret_and_an_input_with_one_show_themselves_nowhere() -> None:
    secret = Secret(KEY)
    made = CreateConnector(name="x", provider=Provider.OPENAI, api_key=KEY)
    rotated = RotateConnector(connector_id=new_id(), api_key=KEY)
    for shown in (repr(secret), str(secret), f"{secret}", f"{made!r}", f"{made}", f"{rotated!r}", repr([secret, made]), repr({"k": rotated})):
        assert KEY not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
