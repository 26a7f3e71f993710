"""What an answered prediction survives, on the Redis at hand."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec
import pytest

from backend.bootstrap import open_hub
from backend.hub import Hub
from backend.inference_log import durability, intake
from backend.inference_log.durability import Guarantee, Way
from backend.inference_log.redis_keys import stream_key
from backend.settings import Settings
from schemas.inference import PredictBody
from tests.support.line import Wire
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served

Answer = Callable[[bytes], bytes | None]


class NewerRedis:
    """The tests' Redis 6.2 as Redis 7.2 would answer: a line to it that answers INFO's version, CONFIG GET and WAITAOF itself."""

    def __init__(self, target: str, synced: list[int], appendfsync: bytes = b"everysec", not_while_rewriting: bytes = b"no") -> None:
        self._target, self.synced = urlsplit(target), synced
        self._said = (b"appendonly", b"yes", b"appendfsync", appendfsync, b"no-appendfsync-on-rewrite", not_while_rewriting)
        self.waits = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield self._target._replace(netloc=f":{self._target.password}@127.0.0.1:{port}").geturl()
        finally:
            server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            while head := await reader.readline():
                command = [await self._word(reader) for _ in range(int(head[1:]))]
                writer.write(await self._answer(command, there, back))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            back.close()

    async def _word(self, reader: asyncio.StreamReader) -> bytes:
        return (await reader.readexactly(int((await reader.readline())[1:]) + 2))[:-2]

    async def _answer(self, command: list[bytes], there: asyncio.StreamReader, back: asyncio.StreamWriter) -> bytes:
        if command[0].upper() == b"WAITAOF":
            self.waits += 1
            return b"*2\r\n:%d\r\n:0\r\n" % self.synced[min(self.waits, len(self.synced)) - 1]
        if command[:2] == [b"CONFIG", b"GET"]:
            return b"*6\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in self._said)
        back.write(b"*%d\r\n" % len(command) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in command))
        answer = await self._read(there)
        if command[0].upper() == b"INFO":
            text = answer.split(b"\r\n", 1)[1].replace(b"redis_version:6.2", b"redis_version:7.2")
            answer = b"$%d\r\n%s" % (len(text) - 2, text)
        return answer

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        line = await reader.readline()
        if line[:1] == b"$" and line[1:2] != b"-":
            return line + await reader.readexactly(int(line[1:]) + 2)
        if line[:1] == b"*" and line[1:2] != b"-":
            return line + b"".join([await self._read(reader) for _ in range(int(line[1:]))])
        return line


def strict(settings: Settings, redis_url: str | None = None) -> Settings:
    return msgspec.structs.replace(settings, log_guarantee="strict", redis_url=redis_url or settings.redis_url)


async def test_strict_on_an_old_redis_without_a_file_writes_each_answer_to_postgresql(served: Served, settings: Settings) -> None:
    async with open_hub(strict(settings)) as hub:
        assert await Guarantee(hub).look() is Way.DIRECT
        group = await served.group(hub)
        (answer,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
        assert await hub.redis.xlen(stream_key(group.id)) == 0
        assert set(await logged(hub, served.tenant, group)) == {answer.inference_id}
        assert (await durability.in_words(hub)).startswith("disk, slower: Redis 6.2")


async def test_standard_takes_what_that_redis_gives(hub: Hub, served: Served) -> None:
    assert Guarantee(hub).known is Way.STREAM
    group = await served.group(hub)
    await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    assert await hub.redis.xlen(stream_key(group.id)) == 1
    assert (await durability.in_words(hub)).startswith("memory: ")


async def test_strict_on_redis_7_2_waits_for_its_disk_and_writes_to_postgresql_what_did_not_get_there(served: Served, settings: Settings) -> None:
    newer = NewerRedis(settings.redis_url or "", synced=[1, 0])
    async with newer.listening() as url, open_hub(strict(settings, url)) as hub:
        group = await served.group(hub)
        first = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
        assert (newer.waits, await hub.redis.xlen(stream_key(group.id))) == (1, 1)
        assert await logged(hub, served.tenant, group) == {}
        second = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
        assert newer.waits == 2
        assert set(await logged(hub, served.tenant, group)) == {second[0].inference_id}
        await drain(hub, group)  # the second is in the stream too, and kept once
        assert set(await logged(hub, served.tenant, group)) == {first[0].inference_id, second[0].inference_id}
        assert (await durability.in_words(hub)).startswith("disk: each answer waits until Redis 7.2 has it on disk (WAITAOF")


async def test_a_redis_that_syncs_with_every_command_needs_no_more(served: Served, settings: Settings) -> None:
    newer = NewerRedis(settings.redis_url or "", synced=[0], appendfsync=b"always")
    async with newer.listening() as url, open_hub(strict(settings, url)) as hub:
        group = await served.group(hub)
        await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
        assert (newer.waits, await hub.redis.xlen(stream_key(group.id))) == (0, 1)
        assert (await durability.in_words(hub)).startswith("disk: Redis has each answer on disk")


async def test_a_redis_that_syncs_nothing_while_its_file_is_written_anew_is_waited_for(served: Served, settings: Settings) -> None:
    newer = NewerRedis(settings.redis_url or "", synced=[1], appendfsync=b"always", not_while_rewriting=b"yes")
    async with newer.listening() as url:
        async with open_hub(strict(settings, url)) as hub:
            group = await served.group(hub)
            await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
            assert newer.waits == 1
            await drain(hub, group)
        async with open_hub(msgspec.structs.replace(settings, redis_url=url)) as hub:
            assert (await durability.in_words(hub)).startswith(
                "seconds: this Redis syncs nothing while it writes its file anew (no-appendfsync-on-rewrite yes)"
            )


async def test_what_goes_wrong_makes_it_look_again_and_be_careful_meanwhile(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "REST_SECONDS", 0.0)
    newer = NewerRedis(settings.redis_url or "", synced=[1])
    async with newer.listening() as url, open_hub(strict(settings, url)) as hub:
        way = Guarantee(hub)
        assert way.known is None
        assert await way.look() is Way.AOF
        assert way.known is Way.AOF
        way.forget()
        assert way.known is Way.DIRECT
        await way.close()
        assert way.known is Way.AOF


@pytest.mark.parametrize("level", ["strict", "standard"])
async def test_a_redis_that_hangs_keeps_no_prediction_waiting_once_that_is_known(
    level: str, hub: Hub, served: Served, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "REDIS_SECONDS", 1.0)
    newer = NewerRedis(settings.redis_url or "", synced=[1])
    group = await served.group(hub)
    body = PredictBody(inputs=served.serving.inputs)
    async with newer.listening() as url, Wire(url) as wire:
        given = msgspec.structs.replace(settings, log_guarantee=level, redis_url=wire.address)
        async with open_hub(given) as cut_off:
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
