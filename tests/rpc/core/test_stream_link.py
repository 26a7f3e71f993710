"""httpBatchStreamLink: results as soon as they are there, generators item by item, by the official client."""

import asyncio
import json
from tempfile import TemporaryFile

import httpx
import pytest

from tests.rpc.core.conftest import Another, Fleet, wire_server
from tests.support.node import Driver

LEAVING = {
    "GET /rpc/genInf?batch=1 HTTP/1.1\r\nHost: x\r\ntrpc-accept: application/jsonl\r\n\r\n": b"[2,1,[[3]]]",
    "GET /rpc/slow,ping?batch=1&input=%7B%220%22:%7B%22ms%22:9000%7D%7D HTTP/1.1\r\nHost: x\r\ntrpc-accept: application/jsonl\r\n\r\n": b"pong",
    "GET /rpc/tick?input=%7B%22n%22:1000%7D HTTP/1.1\r\nHost: x\r\n\r\n": b"id: 3",
}
"""Requests, and what to wait for before leaving."""

pytestmark = [pytest.mark.busy, pytest.mark.asyncio(loop_scope="session")]


async def test_results_arrive_as_they_are_ready(js: Driver) -> None:
    code = """
        const { client, sent } = streamed();
        const order = [];
        const kept = (name, promise) => promise.then((value) => (order.push(name), value));
        const results = await Promise.all([
          kept('slow', client.slow.query({ ms: 400 })), kept('hello', client.hello.query({ name: 'é🏇' })), kept('middle', client.slow.query({ ms: 150 })),
        ]);
        return { results, order, requests: sent.length, status: sent[0].status };
    """
    answer = await js.run(code)
    assert answer["results"] == [400, {"text": "hi é🏇"}, 150]
    assert answer["order"] == ["hello", "middle", "slow"]
    assert (answer["requests"], answer["status"]) == (1, 200)


async def test_one_call_alone_streams_too(js: Driver) -> None:
    code = "const { client } = streamed(); return [await client.ping.query(), await client.nothing.query(), await client.maybe.query()]"
    assert await js.run(code) == ["pong", None, {"got": "null"}]


async def test_each_call_has_its_own_error(js: Driver) -> None:
    code = """
        const { client, sent } = streamed();
        const results = await Promise.all([
          failure(client.fail.query()), client.ping.query(), failure(client.hello.query({ name: 3 })), failure(client.no.such.query()),
          failure(client.boom.query()), client.slow.query({ ms: 60 }),
        ]);
        return { results, status: sent[0].status };
    """
    answer = await js.run(code)
    dup, pong, wrong, unknown, boom, slow = answer["results"]
    assert (dup["trpc"], dup["message"], dup["data"]["reason"], dup["data"]["retryAfter"]) == (True, "dup", "duplicate", 3)
    assert (dup["data"]["path"], dup["data"]["httpStatus"]) == ("fail", 409)
    assert (pong, slow) == ("pong", 60)
    assert [issue["pointer"] for issue in wrong["data"]["issues"]] == ["/name"]
    assert unknown["data"]["code"] == "NOT_FOUND"
    assert (boom["data"]["code"], "kaboom" in str(boom)) == ("INTERNAL_SERVER_ERROR", False)
    assert answer["status"] == 200


async def test_mutations_stream(js: Driver) -> None:
    code = """
        const { client, sent } = streamed();
        const results = await Promise.all([client.user.create.mutate({ name: 'a' }), client.user.reset.mutate(), failure(client.user.create.mutate({}))]);
        return [results[0].name, results[1], results[2].data.issues[0].pointer, sent.map((s) => s.method)];
    """
    assert await js.run(code) == ["a", True, "/name", ["POST"]]


async def test_either_header_asks_for_it(js: Driver) -> None:
    code = "const { client } = streamed({ streamHeader: 'accept' }); return await Promise.all([client.slow.query({ ms: 30 }), client.ping.query()])"
    assert await js.run(code) == [30, "pong"]


async def test_a_generator_is_read_item_by_item(js: Driver) -> None:
    code = """
        const { client } = streamed();
        const [items, pong, infinite] = await Promise.all([client.gen.query(), client.ping.query(), client.gen.query()]);
        return [await collect(items), pong, await collect(infinite)];
    """
    assert await js.run(code) == [[1, 2], "pong", [1, 2]]


async def test_a_generators_error_arrives_after_its_items(js: Driver) -> None:
    code = """
        const { client } = streamed();
        const seen = [];
        const error = await failure((async () => { for await (const item of await client.genErr.query()) seen.push(item); })());
        return [seen, error];
    """
    seen, error = await js.run(code)
    assert seen == [1]
    assert (error["trpc"], error["message"], error["data"]["code"], error["data"]["reason"]) == (True, "no", "FORBIDDEN", "x")
    assert error["data"]["path"] == "genErr"


@pytest.mark.parametrize("leave", ["break", "leaving.abort()"])
async def test_a_reader_that_leaves_closes_the_generator(js: Driver, leave: str) -> None:
    code = f"""
        const {{ client }} = streamed();
        const before = await mark();
        const leaving = new AbortController();
        const error = await failure((async () => {{
          for await (const item of await client.genInf.query(undefined, {{ signal: leaving.signal }})) if (item === 5) {leave};
        }})());
        await until(async () => (await log(before)).length === 1);
        const [[what, at]] = await log(before);
        return [what, at >= 5];
    """
    assert await js.run(code) == ["gen-closed", True]


async def test_leaving_cancels_the_handlers_that_are_at_work(js: Driver) -> None:
    code = """
        const { client } = streamed();
        const before = await mark();
        const leaving = [new AbortController(), new AbortController()];
        const calls = leaving.map(({ signal }, k) => failure(client.slow.query({ ms: 9000 + k }, { signal })));
        await sleep(150);
        leaving.forEach((one) => one.abort());
        await Promise.all(calls);
        await until(async () => (await log(before)).length === 2);
        return await log(before);
    """
    assert await js.run(code) == [["cancelled", "slow"], ["cancelled", "slow"]]


async def test_a_quiet_call_is_pinged_with_a_space(js: Driver) -> None:
    code = "return await raw('/rpc/slow,ping?batch=1&input=' + encodeURIComponent('{\"0\":{\"ms\":700}}'), { headers: { 'trpc-accept': 'application/jsonl' } })"
    answer = await js.run(code)
    assert (answer["status"], answer["headers"]["content-type"]) == (200, "application/json")
    assert answer["body"].count(" ") >= 1
    assert answer["body"].endswith("\n") or answer["body"].endswith(" ")
    assert "" not in answer["body"].rstrip(" ").split("\n")[:-1]


async def test_a_megabyte_of_letters_and_horses_survives_its_chunks(js: Driver) -> None:
    code = """
        const { client } = streamed();
        const [text, late] = await Promise.all([client.large.query({ characters: 400_000 }), client.slow.query({ ms: 50 })]);
        return [text === '🏇é'.repeat(200_000), late];
    """
    assert await js.run(code) == [True, 50]


async def test_a_request_that_fails_as_a_whole_fails_each_call(js: Driver, pair: tuple[str, str]) -> None:
    code = """
        const { client, sent } = streamed();
        const errors = await Promise.all(Array.from({ length: 11 }, () => failure(client.ping.query())));
        return [errors.map((e) => e.data?.code ?? null), errors.some((e) => 'unexpected' in e), sent[0].status];
    """
    told = None if pair[1] == "older" else "BAD_REQUEST"  # 11.4 looks for lines in it, and knows only that it failed
    assert await js.run(code) == [[told] * 11, False, 400]


async def test_lines_are_for_batches_only(js: Driver) -> None:
    answer = await js.run("return await raw('/rpc/ping', { headers: { 'trpc-accept': 'application/jsonl' } })")
    assert (answer["status"], answer["body"]["error"]["data"]["code"]) == (400, "BAD_REQUEST")


async def test_a_generator_needs_a_link_that_streams(js: Driver) -> None:
    code = "return [await failure(single().gen.query()), await failure(batched().client.gen.query())]"
    assert [e["data"]["code"] for e in await js.run(code)] == ["UNSUPPORTED_MEDIA_TYPE"] * 2


async def test_a_subscription_is_not_batched(js: Driver) -> None:
    answer = await js.run("return await raw('/rpc/mixed?batch=1', { headers: { 'trpc-accept': 'application/jsonl' } })")
    assert "BAD_REQUEST" in json.dumps(answer["body"])


async def test_queries_by_post_stream_too(another: Another) -> None:
    code = """
        const { client, sent } = streamed({ methodOverride: 'POST' });
        return [await Promise.all([client.slow.query({ ms: 30 }), client.hello.query({ name: 'A' })]), sent[0].method];
    """
    assert await (await another("--method-override")).run(code) == [[30, {"text": "hi A"}], "POST"]


async def test_what_is_settled_at_once_is_one_line_of_known_length(ours: Driver) -> None:
    code = "const { client, sent } = streamed(); await Promise.all([client.ping.query(), client.ping.query()]); return sent[0].length"
    assert int(await ours.run(code)) == len('{"0":[[{"result":{"data":"pong"}}]],"1":[[{"result":{"data":"pong"}}]]}\n')


async def test_a_stream_is_compressed_by_nobody(fleet: Fleet) -> None:
    async with httpx.AsyncClient(headers={"accept-encoding": "gzip, br, zstd"}) as http:
        for path, accept in (("/rpc/mixed", {}), ("/rpc/gen?batch=1", {"trpc-accept": "application/jsonl"})):
            answer = await http.get(await fleet.origin("tiltyard") + path, headers=accept)
            assert "content-encoding" not in answer.headers
            assert answer.headers["cache-control"] == "no-cache, no-transform"
            assert answer.headers["vary"] == "trpc-accept, accept"


async def test_a_client_that_leaves_is_nothing_to_speak_of() -> None:
    with TemporaryFile() as said:
        async with wire_server(said=said) as origin:
            for request, awaited in LEAVING.items():
                reader, writer = await asyncio.open_connection("127.0.0.1", int(origin.rsplit(":", 1)[1]))
                writer.write(request.encode())
                await reader.readuntil(awaited)
                writer.transport.abort()
            await asyncio.sleep(0.3)
        said.seek(0)
        assert said.read() == b""
