"""httpBatchLink: several calls a request, by the official client."""

import pytest

from tests.support.node import Driver

pytestmark = [pytest.mark.busy, pytest.mark.asyncio(loop_scope="session")]


async def test_results_come_back_in_the_order_asked(js: Driver) -> None:
    code = """
        const { client, sent } = batched();
        const results = await Promise.all([client.slow.query({ ms: 120 }), client.hello.query({ name: 'A' }), client.slow.query({ ms: 1 })]);
        return { results, sent };
    """
    answer = await js.run(code)
    assert answer["results"] == [120, {"text": "hi A"}, 1]
    assert [request["status"] for request in answer["sent"]] == [200]
    assert "/rpc/slow,hello,slow?batch=1&input=" in answer["sent"][0]["url"]


async def test_undefined_inputs_leave_gaps(js: Driver) -> None:
    code = """
        const { client, sent } = batched();
        const results = await Promise.all([client.ping.query(), client.hello.query({ name: 'A' }), client.maybe.query(), client.nothing.query()]);
        return { results, requests: sent.length };
    """
    assert await js.run(code) == {"results": ["pong", {"text": "hi A"}, {"got": "null"}, None], "requests": 1}


async def test_mutations_travel_in_a_map(js: Driver) -> None:
    code = """
        const { client, sent } = batched();
        const { create, reset } = client.user;
        const results = await Promise.all([create.mutate({ name: 'a' }), reset.mutate(), create.mutate({ name: 'b', role: 'r' })]);
        return { results, body: JSON.parse(sent[0].body), requests: sent.length };
    """
    answer = await js.run(code)
    assert answer["results"] == [{"id": "1", "name": "a", "role": "user"}, True, {"id": "1", "name": "b", "role": "r"}]
    assert answer["body"] == {"0": {"name": "a"}, "2": {"name": "b", "role": "r"}}
    assert answer["requests"] == 1


async def test_a_batch_of_mutations_without_any_input(js: Driver) -> None:
    assert await js.run("const { client } = batched(); return await Promise.all([client.user.reset.mutate(), client.user.reset.mutate()])") == [True, True]


async def test_queries_and_mutations_go_in_two_requests(js: Driver) -> None:
    code = """
        const { client, sent } = batched();
        await Promise.all([client.ping.query(), client.user.reset.mutate(), client.ping.query()]);
        return sent.map((request) => request.method).sort();
    """
    assert await js.run(code) == ["GET", "POST"]


async def test_mixed_endings_are_207(js: Driver) -> None:
    code = """
        const { client, sent } = batched();
        const results = await Promise.all([client.ping.query(), failure(client.fail.query()), failure(client.no.such.query())]);
        return { ok: results[0], codes: results.slice(1).map((e) => e.data.code), status: sent[0].status };
    """
    assert await js.run(code) == {"ok": "pong", "codes": ["CONFLICT", "NOT_FOUND"], "status": 207}


async def test_errors_alike_share_their_status(js: Driver) -> None:
    code = """
        const { client, sent } = batched();
        await Promise.all([failure(client.fail.query()), failure(client.fail.query())]);
        return sent.map((request) => request.status);
    """
    assert await js.run(code) == [409]


async def test_one_wrong_input_fails_only_its_own_call(js: Driver) -> None:
    code = """
        const { client } = batched();
        const [first, second, third] = await Promise.all([client.hello.query({ name: 'A' }), failure(client.hello.query({ name: 3 })), client.ping.query()]);
        return [first, second.data.issues[0].pointer, second.data.path, third];
    """
    assert await js.run(code) == [{"text": "hi A"}, "/name", "hello", "pong"]


async def test_an_input_map_that_is_none_fails_the_calls_that_read_it(js: Driver) -> None:
    for sent in ("[1]", "3", '"x"', "{no"):
        answer = await js.run(f"return await raw('/rpc/ping,hello?batch=1&input=' + encodeURIComponent('{sent}'))")
        assert answer["status"] == 207
        assert answer["body"][0] == {"result": {"data": "pong"}}
        assert answer["body"][1]["error"]["data"]["code"] == "BAD_REQUEST"


async def test_long_urls_and_many_items_are_split_by_the_client(js: Driver) -> None:
    code = """
        const short = batched({ maxURLLength: 120 });
        const few = batched({ maxItems: 2 });
        const ask = ({ client }) => Promise.all(['a', 'b', 'c', 'd'].map((name) => client.hello.query({ name })));
        return [await ask(short), short.sent.length, (await ask(few)).length, few.sent.length];
    """
    texts = [{"text": f"hi {name}"} for name in "abcd"]
    split, requests, answered, halves = await js.run(code)
    assert split == texts
    assert requests > 1
    assert (answered, halves) == (4, 2)


async def test_a_batch_over_the_maximum_is_refused_as_a_whole(js: Driver) -> None:
    code = """
        const { client, sent } = batched();
        const errors = await Promise.all(Array.from({ length: 11 }, () => failure(client.ping.query())));
        return [errors.map((e) => e.data.code), errors[0].data.path ?? null, sent[0].status];
    """
    codes, path, status = await js.run(code)
    assert codes == ["BAD_REQUEST"] * 11
    assert (path, status) == (None, 400)


async def test_mixed_kinds_in_one_request_are_refused_as_a_whole(js: Driver) -> None:
    answer = await js.run("return await raw('/rpc/ping,user.reset?batch=1')")
    assert answer["status"] == 400
    assert "path" not in answer["body"]["error"]["data"]


async def test_leaving_one_call_of_a_batch_leaves_the_others_alone(js: Driver) -> None:
    code = """
        const { client } = batched();
        const leaving = new AbortController();
        const one = failure(client.slow.query({ ms: 300 }, { signal: leaving.signal }));
        const other = client.slow.query({ ms: 301 });
        await sleep(80);
        leaving.abort();
        return [(await one).cause, await other];
    """
    left, stayed = await js.run(code)
    assert left is None or left == "AbortError"
    assert stayed == 301


async def test_leaving_all_calls_of_a_batch_cancels_them(js: Driver) -> None:
    code = """
        const { client } = batched();
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


@pytest.mark.parametrize("separator", ["_", "~", "-", "."])
async def test_clients_may_separate_path_segments_otherwise(ours: Driver, separator: str) -> None:
    code = f"""
        const {{ client, sent }} = batched({{ pathSeparator: '{separator}' }});
        const [user, error] = await Promise.all([client.user.byId.query('1'), failure(client.user.byId.query(3))]);
        return [user.name, error.data.path, sent[0].url.includes('user{separator}byId')];
    """
    assert await ours.run(code) == ["u1", "user.byId", True]
