"""What an answered prediction survives, on the Redis at hand."""

import asyncio
import os
import signal
import time
from pathlib import Path

import msgspec
import pytest

from backend.bootstrap import open_hub
from backend.hub import Hub
from backend.inference_log import durability, intake
from backend.inference_log.durability import Durability, Guarantee
from backend.inference_log.redis.keys import stream_key
from backend.settings import Settings
from schemas.inference import PredictBody
from tests.support.infrastructure import redis_servers
from tests.support.line import Wire
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served

pytestmark = pytest.mark.busy

FILE = {"appendonly": "yes", "appendfsync": "everysec"}


async def waited(hub: Hub) -> int:
    """How often that server was asked with WAITAOF."""
    return int((await hub.redis.info("commandstats")).get("cmdstat_waitaof", {"calls": 0})["calls"])


def strict(settings: Settings, redis_url: str | None = None) -> Settings:
    return msgspec.structs.replace(settings, log_guarantee="strict", redis_url=redis_url or settings.redis_url)


async def test_strict_on_a_server_without_a_file_writes_each_answer_to_postgresql(served: Served, settings: Settings) -> None:
    async with open_hub(strict(settings)) as hub:
        assert await Guarantee(hub).look() is Durability.DIRECT
        group = await served.group(hub)
        (answer,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
        assert await hub.redis.xlen(stream_key(group.id)) == 0
        assert set(await logged(hub, served.tenant, group)) == {answer.inference_id}
        assert (await durability.in_words(hub)).startswith("disk, slower: Valkey 9.1 keeps no append-only file")


async def test_standard_takes_what_that_redis_gives(hub: Hub, served: Served) -> None:
    assert Guarantee(hub).known is Durability.STREAM
    group = await served.group(hub)
    await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    assert await hub.redis.xlen(stream_key(group.id)) == 1
    assert (await durability.in_words(hub)).startswith("memory: ")


async def test_strict_on_valkey_waits_for_its_disk_and_writes_to_postgresql_what_did_not_get_there(
    served: Served, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "REDIS_SECONDS", 2.0)
    with redis_servers.running(redis_servers.valkey(), tmp_path / "valkey", **FILE) as url:
        async with open_hub(strict(settings, url)) as hub:
            group = await served.group(hub)
            first = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
            assert (await waited(hub), await hub.redis.xlen(stream_key(group.id))) == (1, 1)
            assert await logged(hub, served.tenant, group) == {}
            assert (await durability.in_words(hub)).startswith("disk: each answer waits until Valkey 9.1 has it on disk (WAITAOF")
            await hub.redis.config_set("appendfsync", "no")  # from now on nobody knows when it is on disk
            second = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
            assert await waited(hub) == 2
            assert set(await logged(hub, served.tenant, group)) == {second[0].inference_id}
            await drain(hub, group)  # the second is in the stream too, and kept once
            assert set(await logged(hub, served.tenant, group)) == {first[0].inference_id, second[0].inference_id}


async def test_what_waitaof_acknowledged_is_there_after_kill_9(served: Served, settings: Settings, tmp_path: Path) -> None:
    """The log is written by the drain of a hub that never saw the first server."""
    with redis_servers.running(redis_servers.valkey(), tmp_path / "valkey", **FILE) as url:
        async with open_hub(strict(settings, url)) as hub:
            group = await served.group(hub)
            answers = [await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs)) for _ in range(3)]
            assert await waited(hub) == 3
            os.kill(int((await hub.redis.info("server"))["process_id"]), signal.SIGKILL)
    with redis_servers.running(redis_servers.valkey(), tmp_path / "valkey", **FILE) as url:
        async with open_hub(strict(settings, url)) as hub:
            await drain(hub, group)
            assert set(await logged(hub, served.tenant, group)) == {answer[0].inference_id for answer in answers}


async def test_strict_on_debians_redis_7_0_which_lacks_waitaof_writes_to_postgresql(served: Served, settings: Settings, tmp_path: Path) -> None:
    with redis_servers.running(redis_servers.system_redis(), tmp_path / "redis", **FILE) as url:
        async with open_hub(strict(settings, url)) as hub:
            version = (await hub.redis.info("server"))["redis_version"]
            if tuple(int(part) for part in version.split(".")[:2]) >= durability.AOF_VERSION:
                pytest.skip(f"the system's Redis {version} has WAITAOF; only 7.0 and older lack it")
            group = await served.group(hub)
            (answer,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
            assert (await Guarantee(hub).look(), await hub.redis.xlen(stream_key(group.id))) == (Durability.DIRECT, 0)
            assert set(await logged(hub, served.tenant, group)) == {answer.inference_id}
            assert (await durability.in_words(hub)).startswith(f"disk, slower: Redis {version.rpartition('.')[0]} cannot report what is on disk")


async def test_debians_redis_that_syncs_with_every_command_takes_the_stream(served: Served, settings: Settings, tmp_path: Path) -> None:
    with redis_servers.running(redis_servers.system_redis(), tmp_path / "redis", **FILE | {"appendfsync": "always"}) as url:
        async with open_hub(strict(settings, url)) as hub:
            group = await served.group(hub)
            (answer,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
            assert await hub.redis.xlen(stream_key(group.id)) == 1
            await drain(hub, group)
            assert set(await logged(hub, served.tenant, group)) == {answer.inference_id}


async def test_a_server_that_syncs_with_every_command_needs_no_more(served: Served, settings: Settings, tmp_path: Path) -> None:
    with redis_servers.running(redis_servers.valkey(), tmp_path / "valkey", **FILE | {"appendfsync": "always"}) as url:
        async with open_hub(strict(settings, url)) as hub:
            group = await served.group(hub)
            await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
            assert (await waited(hub), await hub.redis.xlen(stream_key(group.id))) == (0, 1)
            assert (await durability.in_words(hub)).startswith("disk: Valkey 9.1 has each answer on disk")


async def test_a_server_that_syncs_nothing_while_its_file_is_written_anew_is_waited_for(served: Served, settings: Settings, tmp_path: Path) -> None:
    gaps = FILE | {"appendfsync": "always", "no_appendfsync_on_rewrite": "yes"}
    with redis_servers.running(redis_servers.valkey(), tmp_path / "valkey", **gaps) as url:
        async with open_hub(strict(settings, url)) as hub:
            group = await served.group(hub)
            await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
            assert await waited(hub) == 1
            await drain(hub, group)
        async with open_hub(msgspec.structs.replace(settings, redis_url=url)) as hub:
            assert (await durability.in_words(hub)).startswith("seconds: this Redis syncs nothing while it rewrites its file (no-appendfsync-on-rewrite yes)")


async def test_what_goes_wrong_makes_it_look_again_and_be_careful_meanwhile(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "REST_SECONDS", 0.0)
    with redis_servers.running(redis_servers.valkey(), tmp_path / "valkey", **FILE) as url:
        async with open_hub(strict(settings, url)) as hub:
            way = Guarantee(hub)
            assert way.known is None
            assert await way.look() is Durability.AOF
            assert way.known is Durability.AOF
            way.forget()
            assert way.known is Durability.DIRECT
            await way.close()
            assert way.known is Durability.AOF


@pytest.mark.parametrize("level", ["strict", "standard"])
async def test_a_redis_that_hangs_keeps_no_prediction_waiting_once_that_is_known(
    level: str, served: Served, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "REDIS_SECONDS", 1.0)
    body = PredictBody(inputs=served.serving.inputs)
    with redis_servers.running(redis_servers.valkey(), tmp_path / "valkey", **FILE) as url:
        given = msgspec.structs.replace(settings, log_guarantee=level, redis_url=url)
        async with open_hub(given) as hub, Wire(url) as wire, open_hub(msgspec.structs.replace(given, redis_url=wire.address)) as cut_off:
            group = await served.group(hub)
            answers = [await ask(cut_off, served.tenant, group, body)]
            assert await hub.redis.xlen(stream_key(group.id)) == 1
            wire.cut()
            first = asyncio.create_task(ask(cut_off, served.tenant, group, body))
            await asyncio.sleep(0.2)
            began = time.monotonic()
            answers.append(await ask(cut_off, served.tenant, group, body))
            assert time.monotonic() - began < 1.7, "it waited for Redis again, after the first had found out"
            answers.append(await first)
            took = []
            until = time.monotonic() + 3 * durability.REST_SECONDS
            while time.monotonic() < until:
                began = time.monotonic()
                answers.append(await ask(cut_off, served.tenant, group, body))
                took.append(time.monotonic() - began)
            assert max(took) < 0.9
            wire.mend()
            while await hub.redis.xlen(stream_key(group.id)) < 2:
                assert time.monotonic() < until + 10, "it is not used again"
                answers.append(await ask(cut_off, served.tenant, group, body))
                await asyncio.sleep(0.05)
            await drain(hub, group)
            assert set(await logged(hub, served.tenant, group)) >= {answer[0].inference_id for answer in answers}


@pytest.mark.parametrize("level", ["strict", "standard"])
def test_the_level_is_a_setting(level: str) -> None:
    assert Settings.from_environment({"TILTYARD_LOG_GUARANTEE": level}).log_guarantee == level
