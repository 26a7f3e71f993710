"""Hostile requests to a real API process: each is told what is wrong, its memory stays flat, and whoever asks properly meanwhile is answered as before."""

import asyncio
import gzip
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import psutil
import pytest

from backend.adapters.processes import free_port
from backend.hub import Hub
from backend.settings import Settings
from tests.support.group import Serving, serve_group
from tests.support.product import ROOT
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy

ROUNDS = 6
MOST_GROWTH = 64 * 1024 * 1024


@dataclass(frozen=True)
class Api:
    """A `tiltyard serve` of the test's own."""

    process: psutil.Process
    port: int
    token: str
    serving: Serving

    def client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=60, trust_env=False)

    @property
    def predict(self) -> str:
        return f"/v1/groups/{self.serving.group.slug}/predict"

    @property
    def infer(self) -> str:
        return f"/v2/models/{self.serving.group.slug}/infer"


@pytest.fixture
async def api(settings: Settings, hub: Hub, tenant: Tenant) -> AsyncIterator[Api]:
    serving = await serve_group(hub, tenant)
    port = free_port()
    given = {
        "TILTYARD_DATABASE_URL": str(settings.database_url),
        "TILTYARD_REDIS_URL": str(settings.redis_url),
        "TILTYARD_SECRET_KEY": str(settings.secret_key),
        "TILTYARD_DATA_DIR": str(settings.data_dir),
        "TILTYARD_KEK": str(settings.kek),
        "TILTYARD_LOG_GUARANTEE": "standard",
    }
    started = await asyncio.create_subprocess_exec(sys.executable, "-m", "rpc.cli", "serve", "--port", str(port), cwd=ROOT, env=os.environ | given)
    try:
        made = Api(psutil.Process(started.pid), port, tenant.token, serving)
        async with made.client() as http:
            await _until_it_answers(http, started)
        yield made
    finally:
        started.terminate()
        await asyncio.wait_for(started.wait(), 30)


async def _until_it_answers(http: httpx.AsyncClient, started: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert started.returncode is None, "the API process has ended"
        assert time.monotonic() < deadline
        try:
            if (await http.get("/v2/health/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)


def attacks(api: Api) -> list[tuple[str, str, bytes, dict[str, str], int]]:
    many = ", ".join(f'"f{number}": 1' for number in range(70_000))
    wrong = json.dumps({"inputs": [{"name": "limit_bal", "shape": [10**12], "datatype": "FP64", "parameters": {"binary_data_size": 8}}]}).encode()
    matrix = json.dumps({"inputs": [{"name": "rows", "shape": [1000, 4], "datatype": "FP64", "data": [1] * 300_000}]}).encode()
    return [
        ("1 MB of nesting", api.predict, b'{"inputs": {"limit_bal": ' + b"[" * 1_000_000, {}, 400),
        ("1 MB of nested objects", api.predict, b'{"inputs": ' + b'{"a":' * 200_000, {}, 400),
        ("70 000 features", api.predict, f'{{"inputs": {{{many}}}}}'.encode(), {}, 422),
        ("NaN everywhere", api.predict, b'{"inputs": [' + b",".join([b'{"limit_bal": NaN}'] * 40_000) + b"]}", {}, 400),
        ("a huge integer", api.predict, b'{"inputs": {"limit_bal": 1' + b"0" * 900_000 + b"}}", {}, 400),
        ("a long key", api.predict, json.dumps({"inputs": {"x" * 900_000: 1}}).encode(), {}, 422),
        ("nesting in a tensor", api.infer, b'{"inputs": [{"name": "limit_bal", "shape": [1], "datatype": "FP64", "data": ' + b"[" * 1_000_000, {}, 400),
        ("a wrong binary size", api.infer, wrong + b"\0" * 8, {"Inference-Header-Content-Length": str(len(wrong))}, 400),
        ("more values than the shape", api.infer, matrix, {}, 400),
        ("a bomb", api.infer, gzip.compress(b"[" * 200_000_000, 1), {"Content-Encoding": "gzip"}, 413),
        ("20 MB", api.predict, b" " * 20_000_000, {}, 413),
    ]


async def test_hostile_requests_are_told_so_with_memory_flat_and_others_unharmed(api: Api) -> None:
    async with api.client() as http, api.client() as friend:
        quiet = await _latencies(api, friend, asyncio.create_task(asyncio.sleep(2)))
        shots = attacks(api)
        await _attack(http, shots)  # once, so that what a first of its kind takes is there
        before = api.process.memory_info().rss
        under_fire = await _latencies(api, friend, asyncio.create_task(_repeat(http, shots)))
        grown = api.process.memory_info().rss - before
    assert grown < MOST_GROWTH, f"{grown / 2**20:.0f} MiB more after {ROUNDS * len(shots)} hostile requests"
    assert len(under_fire) > 20
    assert statistics.median(under_fire) < max(10 * statistics.median(quiet), 0.1), (statistics.median(quiet), statistics.median(under_fire))


async def test_slow_senders_are_given_up_and_keep_nobody_waiting(api: Api) -> None:
    head = f"POST {api.predict} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {api.token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"

    async def slow() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(head.encode())
        answer = asyncio.create_task(reader.readuntil(b"}}"))
        while not answer.done():
            writer.write(b" ")
            await asyncio.wait({answer}, timeout=0.5)
        writer.close()
        return answer.result()

    before = api.process.memory_info().rss
    async with api.client() as friend:
        slowly = asyncio.gather(*[slow() for _ in range(200)])
        latencies = await _latencies(api, friend, asyncio.ensure_future(slowly))
    for answer in await slowly:
        assert answer.startswith(b"HTTP/1.1 408"), answer[:200]
        assert b"did not arrive within 10 seconds" in answer
    assert len(latencies) > 20
    assert statistics.median(latencies) < 0.25
    assert api.process.memory_info().rss - before < MOST_GROWTH


async def _repeat(http: httpx.AsyncClient, shots: list[tuple[str, str, bytes, dict[str, str], int]]) -> None:
    for _ in range(ROUNDS):
        await _attack(http, shots)


async def _attack(http: httpx.AsyncClient, shots: list[tuple[str, str, bytes, dict[str, str], int]]) -> None:
    for name, path, body, headers, status in shots:
        answer = await http.post(path, content=body, headers=headers)
        assert answer.status_code == status, f"{name}: {answer.status_code} {answer.text[:300]}"
        assert "error" in answer.json(), name
        assert len(answer.content) < 100_000, name


async def _latencies(api: Api, friend: httpx.AsyncClient, during: "asyncio.Future[object]") -> list[float]:
    """How long ordinary predictions take while something else goes on."""
    seen = []
    while not during.done():
        started = time.monotonic()
        answer = await friend.post(api.predict, json={"inputs": api.serving.inputs})
        assert answer.status_code == 200, answer.text
        seen.append(time.monotonic() - started)
    await during
    return seen
