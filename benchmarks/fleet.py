"""Four API processes on one database, one of them on connections that can be cut, and a load on all of them."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from backend.adapters.processes import free_port
from backend.db.addresses import app_url
from demo.dataset import load as load_clients
from rpc.commands.shared.installation import kek_path
from tests.support.line import Wire
from tests.support.product import ROOT, Product

PROCESSES = 4
START_SECONDS = 180


@dataclass(frozen=True)
class Answer:
    """One request: its process, the times of sending and answer (`time.monotonic`), the status, and the answer of a success."""

    process: int
    sent: float
    done: float
    status: int
    phase: int = 0
    inference_id: str = ""


@dataclass
class Fleet:
    """The processes; the last is behind `wires`."""

    hub: Product
    urls: list[str]
    wires: list[Wire]
    traffic: Any
    """Loaded once: nothing may block this loop, which the wires share."""
    answers: list[Answer] = field(default_factory=list)
    _stopped: bool = False

    async def ask(self, procedure: str, /, **given: Any) -> Any:
        """Call a query through the first process."""
        return await self.hub.ask(procedure, **given)

    async def call(self, procedure: str, /, **given: Any) -> Any:
        """Call a mutation through the first process."""
        return await self.hub.call(procedure, **given)

    @asynccontextmanager
    async def load(self, slug: str, connections: int) -> AsyncIterator[None]:
        """Send requests to every process over this number of connections while the block lasts."""
        tasks = [asyncio.create_task(self._ask(at, slug, part)) for at in range(len(self.urls)) for part in range(connections)]
        try:
            yield
        finally:
            self._stopped = True
            await asyncio.wait(tasks, timeout=15)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until_answered(self, processes: Iterable[int], since: float = 0.0, seconds: float = 60) -> None:
        """Wait until each of these processes has answered a request sent after this call."""
        async with asyncio.timeout(seconds):
            while not all(self._answered(process, since) for process in processes):
                await asyncio.sleep(0.005)  # other tasks of this loop add the answers

    def _answered(self, process: int, since: float) -> bool:
        return any(one.process == process and one.status == 200 and one.sent > since for one in reversed(self.answers[-2_000:]))

    async def _ask(self, process: int, slug: str, part: int) -> None:
        traffic, path, at = self.traffic, f"/v1/groups/{slug}/predict", part * 1_000
        headers = {"Authorization": f"Bearer {self.hub.ready['token']}"}
        async with httpx.AsyncClient(base_url=self.urls[process], headers=headers, timeout=30, trust_env=False) as http:
            while not self._stopped:
                at += 1
                sent = time.monotonic()
                answer = await http.post(path, json={"inputs": traffic.inputs(at % 5_000), "entity_key": f"{process}-{part}-{at}"})
                said = answer.json() if answer.status_code == 200 else {}
                self.answers.append(Answer(process, sent, time.monotonic(), answer.status_code, said.get("phase", 0), said.get("inference_id", "")))
                if answer.status_code != 200:
                    await asyncio.sleep(0.01)


@asynccontextmanager
async def fleet(hub: Product) -> AsyncIterator[Fleet]:
    """Start three more API processes beside the hub's own."""
    data = hub.folder / "data"
    secret = (data / "secrets" / "secret_key").read_text().strip()
    common = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")} | {
        "TILTYARD_DATABASE_URL": hub.ready["database_url"],
        "TILTYARD_REDIS_URL": hub.ready["redis_url"],
        "TILTYARD_SECRET_KEY": secret,
        "TILTYARD_KEK": kek_path(data).read_text().strip(),
        "TILTYARD_DATA_DIR": str(data),
    }
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(Wire(app_url(secret, hub.ready["database_url"])))]
        wires.append(await stack.enter_async_context(Wire(hub.ready["redis_url"])))
        far = common | {"TILTYARD_APP_DATABASE_URL": wires[0].address, "TILTYARD_REDIS_URL": wires[1].address}
        urls = [hub.ready["url"]]
        for environment in (common, common, far):
            port = free_port()
            command = [sys.executable, "-m", "rpc.cli", "serve", "--port", str(port)]
            with (ROOT / "artifacts-ci" / f"fleet-{len(urls)}.log").open("wb") as log:
                process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)  # noqa: ASYNC220  started, not waited for
            stack.callback(_stop, process)
            urls.append(f"http://127.0.0.1:{port}")
        for url in urls:
            await _ready(url)
        yield Fleet(hub, urls, wires, load_clients()[1])


def last_line(figures: dict[str, float]) -> None:
    """Return the last line of a benchmark."""
    print(json.dumps(figures), flush=True)


def quantile(values: list[float], share: float) -> float:
    """Return the value with this share of the values at or below it."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def members_of(group: Any) -> list[dict[str, Any]]:
    """Return a group's members in the form of `setSplit`."""
    return [{name: one[name] for name in ("version_id", "role", "share")} for one in msgspec.to_builtins(group)["phase"]["members"]]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


async def _ready(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                if (await http.get(f"{url}/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, url
            await asyncio.sleep(0.1)
