"""Files that are read outside of transactions, large ones in a process of their own; nobody else waits for a connection or a thread meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.pool import QueuePool

from backend.hub import Hub
from backend.importing import commit, drafts, opened_file, service
from backend.importing.errors import TooCostly
from backend.importing.opened_file import OpenedFile, opened
from backend.reader_threads import CALLS_OF_A_TENANT, MOST_OF_ONE, ImportsBusy
from tests.support.procedures import do
from tests.support.tenants import Tenant

LABELLED = Path(__file__).parent / "fixtures/labelled"
FILES = ["doc01.json", "doc14.json"]
OWN = {"draft_id", "created_at", "expires_at"}


async def propose(hub: Hub, tenant: Tenant, text: str, **more: Any) -> Any:
    return await do(hub, tenant.admin, "imports.propose", {"name": "doc.json", "text": text, "use_memory": False, **more})


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_is_read_in_a_process_of_its_own_is_understood_and_kept_alike(
    name: str, hub: Hub, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (LABELLED / name).read_text()
    found = []
    for whose, small in ((tenant, 1 << 30), (other_tenant, 0)):
        monkeypatch.setattr(opened_file, "SMALL_BYTES", small)
        draft = await propose(hub, whose, text)
        revised = await do(hub, whose.admin, "imports.revise", {"draft_id": draft["draft_id"], "mapping": draft["mapping"]})
        version = await do(hub, whose.admin, "imports.commit", {"draft_id": draft["draft_id"], "remember": False})
        shown = [{key: value for key, value in one.items() if key not in OWN} for one in (draft, revised)]
        found.append(({**shown[0], "created_by": ""}, {**shown[1], "created_by": ""}, version["document"]))
    assert found[0] == found[1]


async def test_a_file_that_comes_to_the_limits_of_its_process_is_refused_and_nothing_is_stored(
    hub: Hub, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.limited_process.BASE_BYTES", 1 << 20)
    monkeypatch.setattr(opened_file, "BYTES_EACH", 0)
    rows = [{"a": [[[at]]]} for at in range(40_000)]
    with pytest.raises(TooCostly, match="more memory or time"):
        await propose(hub, tenant, json.dumps({"model_name": "m", "rows": rows, "pad": "x" * 3_000_000}))


@dataclass
class Gate:
    """Where files are held after they were read, until it opens; `held` counts them."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0

    def of(self, marker: bytes) -> Callable[[bytes, str | None], Any]:
        @asynccontextmanager
        async def slowly(content: bytes, pick: str | None) -> AsyncIterator[OpenedFile]:
            async with opened(content, pick) as file:
                if marker in content:
                    self.held += 1
                    await self.open.wait()
                yield file

        return slowly


async def until_held(gate: Gate, count: int) -> None:
    async with asyncio.timeout(60):
        while gate.held < count:
            await asyncio.sleep(0.01)


def connections(hub: Hub) -> int:
    pool = hub.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def test_while_22_drafts_are_made_nobody_waits_for_a_connection_or_a_reader(
    hub: Hub, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case of a tenant whose 22 drafts held everybody else for 14.6 s."""
    gate = Gate()
    for module in (service, drafts, commit):
        monkeypatch.setattr(module, "opened", gate.of(b"crowd"))
    crowd = [asyncio.create_task(propose(hub, tenant, json.dumps({"model_name": "crowd", "auc": 0.8, "n": at}))) for at in range(22)]
    await until_held(gate, CALLS_OF_A_TENANT)
    refused, _ = await asyncio.wait(crowd, timeout=0.2)
    assert {type(one.exception()) for one in refused} == {ImportsBusy}
    assert len(refused) == 22 - MOST_OF_ONE
    assert connections(hub) == 0, "what is being read holds no connection"
    theirs = await propose(hub, other_tenant, '{"model_name": "theirs", "auc": 0.9}')
    await do(hub, other_tenant.admin, "imports.commit", {"draft_id": theirs["draft_id"]})
    assert len((await do(hub, other_tenant.admin, "models.list", {}))["items"]) == 1
    assert gate.held == CALLS_OF_A_TENANT, "answered while the crowd was being read"
    gate.open.set()
    assert len(await asyncio.gather(*(one for one in crowd if one not in refused))) == MOST_OF_ONE


@pytest.mark.parametrize("what", ["imports.draft", "imports.revise", "imports.commit", "imports.commitSeveral"])
async def test_no_call_on_a_draft_reads_its_file_within_a_transaction(what: str, hub: Hub, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    several = {"models": [{"model_name": f"forest {n}", "algorithm": "RandomForest", "metrics": {"auc": 0.7 + n / 100}} for n in range(2)]}
    text = json.dumps(several if what == "imports.commitSeveral" else {"model_name": "crowd", "auc": 0.8})
    draft = await propose(hub, tenant, text)
    gate = Gate()
    for module in (service, drafts, commit):
        monkeypatch.setattr(module, "opened", gate.of(b"model_name"))
    calling = asyncio.create_task(do(hub, tenant.admin, what, {"draft_id": draft["draft_id"]}))
    await until_held(gate, 1)
    assert connections(hub) == 0
    gate.open.set()
    await calling


async def test_a_draft_that_is_revised_while_its_commit_reads_it_is_committed_as_revised(hub: Hub, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = await propose(hub, tenant, '{"model_name": "m", "auc": 0.8, "accuracy": 0.7}')
    gate = Gate()
    monkeypatch.setattr(commit, "opened", gate.of(b"model_name"))
    committing = asyncio.create_task(do(hub, tenant.admin, "imports.commit", {"draft_id": draft["draft_id"]}))
    await until_held(gate, 1)
    rules = [one for one in draft["mapping"] if "accuracy" not in json.dumps(one)]
    assert len(rules) < len(draft["mapping"])
    await do(hub, tenant.admin, "imports.revise", {"draft_id": draft["draft_id"], "mapping": rules})
    gate.open.set()
    assert [one["name"] for one in (await committing)["document"]["metrics"]] == ["roc_auc"]


async def test_containers_count_also_where_they_hold_no_value(hub: Hub, tenant: Tenant) -> None:
    """Of a list of 3,400,000 empty lists each was a value that nobody counted; 60,000 lists 50 deep took seconds."""
    for text in ('{"model_name": "m", "rows": [' + "[]," * 100_001 + "[]]}", '{"rows": [' + "[[[1]]]," * 70_000 + "1]}"):
        with pytest.raises(Exception, match=r"has more than [12]00,000 (values|objects and lists)"):
            await propose(hub, tenant, text)
