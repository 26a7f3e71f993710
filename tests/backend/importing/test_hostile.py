"""What is no model's metadata, brought over HTTP to a process of its own: a clear answer each, and little memory."""

import asyncio
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from backend.settings import Settings
from tests.support.product import until
from tests.support.tenants import Tenant
from tests.support.web import client_of, result

ROOT = Path(__file__).resolve().parents[3]
MORE_MB = 300


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def server(settings: Settings) -> Iterator[tuple[str, psutil.Process]]:
    """The API as a process of its own, on this test's database."""
    port = _free_port()
    given = {
        "TILTYARD_DATABASE_URL": settings.database_url, "TILTYARD_REDIS_URL": settings.redis_url, "TILTYARD_SECRET_KEY": settings.secret_key,
        "TILTYARD_DATA_DIR": str(settings.data_dir), "TILTYARD_PORT": str(port), "TILTYARD_KEK": settings.kek,
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")} | {k: v for k, v in given.items() if v}
    process = subprocess.Popen([sys.executable, "-m", "rpc.cli", "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _is_ready(url), "the server", 60, lambda: process.poll() is not None)
        yield url, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def megabytes(process: psutil.Process) -> float:
    """Resident memory of the process and its children. A child that has not begun its own program yet still shows its parent's memory, and is left out."""
    found, own = process.memory_info().rss, process.cmdline()
    for one in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a file's reader that has ended
            found += one.memory_info().rss if one.cmdline() != own else 0
    return found / 1e6


def wide() -> bytes:
    """As many values as an import takes, in as many bytes."""
    rows = [{f"key_{at % 700}": at / 7, "text": "x" * 100} for at in range(49_000)]
    return json.dumps({"model_name": "m", "auc": 0.8, "rows": rows}).encode()


HOSTILE: dict[str, tuple[bytes, int, str, str]] = {
    "100 levels": (b"[" * 100 + b"]" * 100, 422, "TOO_DEEP", "64 levels"),
    "100,000 levels": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 422, "TOO_DEEP", "64 levels"),
    "50 MB": (b'{"a": "' + b"x" * 50_000_000 + b'"}', 413, "PAYLOAD_TOO_LARGE", "larger than"),
    "12 MB": (b'{"a": "' + b"x" * 12_000_000 + b'"}', 413, "FILE_TOO_LARGE", "10 MiB"),
    "a CSV": (b"feature,importance\nage,0.4\n", 422, "TABLE_FILE", "table"),
    "an empty file": (b"", 422, "EMPTY_FILE", "empty"),
    "a pickle": (pickle.dumps({"model": 1}), 422, "PICKLE_FILE", "never opened"),
    "not JSON": (b'{"a": }', 422, "UNREADABLE_FILE", "Line 1, column 7"),
    "too many values": (json.dumps({"a": list(range(100_001))}).encode(), 422, "TOO_MANY_LEAVES", "100,000"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, 422, "FOREIGN_FILE", ""),
}


async def test_each_hostile_file_gets_its_own_clear_answer_and_the_process_stays_small(server: tuple[str, psutil.Process], tenant: Tenant) -> None:
    url, process = server
    headers = {"authorization": f"Bearer {tenant.token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=100, trust_env=False) as http:
        await _propose(http, b'{"model_name": "m", "auc": 0.8}')
        before = megabytes(process)
        most = [before]
        watching = asyncio.create_task(_watch(process, most))
        for what, (content, status, reason, says) in HOSTILE.items():
            answer = await _propose(http, content)
            error = answer.json()["error"]
            assert (answer.status_code, error["data"]["reason"]) == (status, reason), what
            assert says in error["message"], what
            most.append(megabytes(process))
        large = await asyncio.gather(*(_propose(http, wide()) for _ in range(3)), *(_propose(http, HOSTILE["12 MB"][0]) for _ in range(3)))
        watching.cancel()
        assert [one.status_code for one in large] == [200] * 3 + [413] * 3
        assert (await http.get("/rpc/models.list", params={"input": "{}"})).json()["result"]["data"]["items"] == [], "nothing half-stored"
    assert max(most) - before < MORE_MB, f"{before:.0f} MB before, {max(most):.0f} MB at most"


async def _propose(http: httpx.AsyncClient, content: bytes) -> httpx.Response:
    return await http.post("/rpc/imports.propose", files={"file": ("model.json", content, "application/json")})


async def _watch(process: psutil.Process, most: list[float]) -> None:
    while True:
        most.append(megabytes(process))
        await asyncio.sleep(0.05)


CURIOUS: dict[str, tuple[bytes, Any]] = {
    "97.3": (b'{"model_name": "m", "accuracy": 97.3}', lambda draft: "is it a percentage?" in draft["open"][0]["message"]),
    "NaN": (b'{"model_name": "m", "f1": 0.5, "auc": NaN}', lambda draft: "nan is no JSON number" in draft["warnings"][0]["message"]),
    "BOM": (b'\xef\xbb\xbf{"model_name": "m", "auc": 0.8}', lambda draft: draft["document"]["metrics"][0]["value"] == 0.8 and draft["warnings"] == []),
    "a key twice": (b'{"model_name": "m", "auc": 0.8, "auc": 0.9}', lambda draft: "more than once" in draft["warnings"][0]["message"]),
}  # fmt: skip


@pytest.mark.parametrize("what", CURIOUS)
async def test_what_can_be_read_is_read_and_what_is_odd_about_it_is_said(what: str, settings: Settings, tenant: Tenant) -> None:
    content, holds = CURIOUS[what]
    async with client_of(settings, tenant.token) as http:
        assert holds(result(await _propose(http, content)))


async def test_a_file_as_large_as_an_import_takes_is_taken(settings: Settings, tenant: Tenant) -> None:
    content = b'{"model_name": "m", "auc": 0.8, "note": "' + b"x" * (10 * 1024 * 1024 - 60) + b'"}'
    async with client_of(settings, tenant.token) as http:
        assert result(await _propose(http, content))["size_bytes"] == len(content)
