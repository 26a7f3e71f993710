"""Two processes with data folders of their own, as on two hosts, that share only the servers and the object storage."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest

from backend.adapters.file_storage import open_files
from backend.adapters.processes import free_port
from backend.bootstrap import open_hub
from backend.inference_log.archives.manifest import ArchiveManifest, folder_of
from backend.settings import Settings
from tests.support.group import serve_group
from tests.support.infrastructure.object_storage import bucket
from tests.support.tenants import new_tenant

pytestmark = pytest.mark.busy

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90


@pytest.fixture(scope="module")
def shared(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a third process, this one, with the bucket."""
    with bucket() as url:
        yield msgspec.structs.replace(settings, files_url=url, data_dir=tmp_path_factory.mktemp("here"))


def environment(settings: Settings, folder: Path) -> dict[str, str]:
    given = msgspec.structs.asdict(msgspec.structs.replace(settings, data_dir=folder))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")}
    return inherited | {f"TILTYARD_{name.upper()}": str(value) for name, value in given.items() if value is not None}


async def until(what: str, holds: Any) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (found := await holds()):
        assert time.monotonic() < deadline, f"no {what}"
        await asyncio.sleep(0.2)
    return found


@contextmanager
def hosts(settings: Settings, folder: Path) -> Iterator[str]:
    """An API process and a worker; gives the address of the first. What they print stays beside their folders."""
    port = free_port()
    with ExitStack() as stack:
        for place, module, *arguments in (("api", "rpc.cli", "serve", "--port", str(port)), ("worker", "workers.main")):
            (folder / place).mkdir()
            log = stack.enter_context((folder / f"{place}.log").open("wb"))
            command = [sys.executable, "-m", module, *arguments]
            process = subprocess.Popen(command, cwd=ROOT, env=environment(settings, folder / place), stdout=log, stderr=log)
            stack.callback(process.wait, 30)
            stack.callback(process.send_signal, signal.SIGTERM)
        yield f"http://127.0.0.1:{port}"


class Caller:
    """Who uses the hub from outside."""

    def __init__(self, http: httpx.AsyncClient, slug: str) -> None:
        self._http, self.slug = http, slug

    async def healthy(self) -> bool:
        try:
            return (await self._http.get("/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def predict(self, inputs: dict[str, float], entity_key: str) -> str:
        answer = await self._http.post(f"/v1/groups/{self.slug}/predict", json={"inputs": inputs, "entity_key": entity_key})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["inference_id"])

    async def explained(self, inference_id: str) -> bool:
        asked = msgspec.json.encode({"slug": self.slug, "inference_id": inference_id}).decode()
        answer = await self._http.get("/rpc/inference.get", params={"input": asked})
        return answer.status_code == 200 and answer.json()["result"]["data"]["explanation"] is not None

    async def call(self, procedure: str, **given: Any) -> Any:
        answer = await self._http.post(f"/rpc/{procedure}", json={"slug": self.slug, **given})
        assert answer.status_code == 200, answer.text
        return answer.json()["result"].get("data")


async def test_they_serve_drain_archive_and_erase(shared: Settings, tmp_path: Path) -> None:
    files = open_files(shared)
    async with open_hub(shared) as hub:
        tenant = await new_tenant(hub)
        serving = await serve_group(hub, tenant)
    folder = folder_of(serving.group.id)

    async def archived() -> bool:
        return await asyncio.to_thread(files.size, f"{folder}/manifest.json") is not None

    with hosts(shared, tmp_path) as url:
        async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {tenant.token}"}, timeout=30, trust_env=False) as http:
            caller = Caller(http, serving.group.slug)
            await until("health", caller.healthy)
            ids = [await caller.predict(serving.inputs, f"client-{n % 3}") for n in range(30)]
            await until("explanation", partial(caller.explained, ids[-1]))  # by the worker, with the artifact that it has from the bucket
            await caller.call("groups.delete", confirm=caller.slug)
            await until("archive", archived)
            erased = await caller.call("inference.eraseEntity", entity_key="client-1", confirm="client-1", reason="asked to be forgotten")
            assert erased["archived_rows"] == 10
    manifest = msgspec.json.decode(files.read(f"{folder}/manifest.json"), type=ArchiveManifest)
    with files.open(f"{folder}/{manifest.file}", manifest.sha256) as path:
        rows = pq.read_table(path).to_pylist()
    assert {row["inference_id"] for row in rows} == set(ids)
    assert [row["entity_key"] for row in rows].count(None) == 10
    assert {row["entity_key"] for row in rows} == {None, "client-0", "client-2"}
    assert list(files.list(folder)) == [f"{folder}/log.parquet", f"{folder}/manifest.json"]
    for place in (tmp_path / "api", tmp_path / "worker", shared.data_dir):
        assert not list(place.rglob("*.parquet*")), "nothing personal stays on a host"
        assert not (place / "artifacts").exists()
        assert not (place / "archives").exists()
