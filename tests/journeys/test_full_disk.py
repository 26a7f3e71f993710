"""A disk that fills up: refused with the reason, nothing answered is lost, and the hub goes on by itself once there is room."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from demo.dataset import load
from tests.support.product import LOG_TABLE, Product, running, until

PATH = "/v1/groups/live_credit_scoring/predict"
SIZE = "420m"


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small file system of its own."""
    place = tmp_path_factory.mktemp("small")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0711", "tiltyard-test", str(place)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small file system can be mounted here ({done.stderr.strip()}); this needs root with the right to mount")
    for folder in place.parents:
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


@pytest.fixture(autouse=True)
def room(disk: Path) -> Iterator[None]:
    """Room on the disk before and after each test: one that fails leaves a full disk to nobody."""
    (disk / "filler").unlink(missing_ok=True)
    yield
    (disk / "filler").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def hub(disk: Path) -> Iterator[Product]:
    """A hub on that file system; what it prints is kept elsewhere."""
    with running("full-disk", data=disk / "data") as product:
        product.demo(100)
        yield product


def fill(disk: Path) -> Path:
    """Use every byte that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


async def ask(hub: Product) -> tuple[int, Any]:
    async with hub.client() as http:
        answer = await http.post(PATH, json={"inputs": load()[1].inputs(0)})
    return answer.status_code, answer.json()


async def serves(hub: Product) -> None:
    """Wait until the hub answers."""
    deadline = time.monotonic() + 90
    while (await ask(hub))[0] != 200:
        assert time.monotonic() < deadline, hub.log()
        await asyncio.sleep(0.3)


async def test_a_full_disk_refuses_with_the_reason_and_is_recovered_from_without_help(hub: Product, disk: Path) -> None:
    supervisor, api = hub.supervisor, hub.child("rpc.cli")
    await serves(hub)
    answered = [(await ask(hub))[1]["inference_id"] for _ in range(20)]
    filler = fill(disk)
    await asyncio.sleep(1)
    status, said = await ask(hub)
    assert (status, said["error"]["reason"]) == (503, "DISK_FULL"), said

    for victim in supervisor.children():  # as they end by themselves at a write, if they have not yet
        with suppress(psutil.NoSuchProcess):  # it has, a moment ago
            if {"valkey-server", "postgres"} & {Path(word).name for word in victim.cmdline()[:1]}:
                victim.kill()
    until(lambda: hub.output.read_text().count("then starts by itself") >= 2, "word of both servers", 30)
    for _ in range(10):
        status, said = await ask(hub)
        assert status == 503
        await asyncio.sleep(0.3)
    assert supervisor.is_running()
    assert api.is_running()
    assert api.status() != psutil.STATUS_ZOMBIE

    filler.unlink()
    deadline = time.monotonic() + 90
    while True:
        status, said = await ask(hub)
        if status == 200:
            break
        assert status == 503
        assert time.monotonic() < deadline, hub.log()
        await asyncio.sleep(0.3)
    answered.append(said["inference_id"])
    while (await hub.sql(f"SELECT count(*) AS n FROM {LOG_TABLE} WHERE inference_id = ANY($1::uuid[])", answered))[0]["n"] < len(answered):
        assert time.monotonic() < deadline + 60, hub.log()
        await asyncio.sleep(0.3)


async def test_a_hub_that_runs_into_the_end_of_its_disk_by_itself_comes_back(hub: Product, disk: Path) -> None:
    """The servers meet it in the middle of their writes."""
    answered: list[str] = []
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * (8 << 20))
                status, said = await ask(hub)
                if status == 200:
                    answered.append(said["inference_id"])
        except OSError:
            pass
    fill(disk)
    connection_errors = 0
    for _ in range(5):
        try:
            await hub.sql("CREATE TABLE IF NOT EXISTS big AS SELECT repeat('x', 2000) FROM generate_series(1, 50000)")
        except Exception:  # whatever PostgreSQL says of a full disk, or nothing any more
            connection_errors += 1
    assert connection_errors
    assert hub.supervisor.is_running()
    filler.unlink()
    deadline = time.monotonic() + 120
    while (await ask(hub))[0] != 200:
        assert time.monotonic() < deadline, hub.log()
        await asyncio.sleep(0.5)
    while (await hub.sql(f"SELECT count(*) AS n FROM {LOG_TABLE} WHERE inference_id = ANY($1::uuid[])", answered))[0]["n"] < len(answered):
        assert time.monotonic() < deadline + 60, hub.log()
        await asyncio.sleep(0.3)
