"""httpSubscriptionLink: subscriptions over server-sent events, by the official client in Node and in a real browser."""

import asyncio
import json

import httpx
import pytest

from tests.rpc.core.conftest import BROWSING, Another, Fleet, wire_server
from tests.support.cut import Cuttable
from tests.support.node import Driver

pytestmark = [pytest.mark.busy, pytest.mark.asyncio(loop_scope="session")]
everywhere = pytest.mark.parametrize("pair", BROWSING.values(), ids=BROWSING)

TRACKED = [{"id": str(i), "data": {"i": i}} for i in range(10)]


@everywhere
async def test_a_subscription_brings_its_items_and_completes(js: Driver) -> None:
    code = "const { heard, done } = listen(subscribing().tick, { n: 4 }); await done; return heard"
    heard = await js.run(code)
    assert heard["data"] == TRACKED[:4]
    assert (heard["completed"], heard["error"], heard["started"]) == (True, None, 1)
    assert heard["states"][:2] == ["connecting", "pending"]


@everywhere
async def test_unsubscribing_closes_it(js: Driver) -> None:
    code = """
        const before = await mark();
        const { heard, stop } = listen(subscribing().tick, { n: 1000 });
        await until(() => heard.data.length >= 3);
        stop();
        await until(async () => (await log(before)).length === 2);
        return (await log(before)).map(([what]) => what);
    """
    assert await js.run(code) == ["tick-start", "tick-closed"]


@everywhere
async def test_aborting_closes_it(js: Driver) -> None:
    code = """
        const before = await mark();
        const leaving = new AbortController();
        const { heard } = listen(subscribing().tick, { n: 1000 }, { signal: leaving.signal });
        await until(() => heard.data.length >= 3);
        leaving.abort();
        await until(async () => (await log(before)).length === 2);
        return (await log(before)).map(([what]) => what);
    """
    assert await js.run(code) == ["tick-start", "tick-closed"]


@everywhere
async def test_tracked_and_untracked_items_do_not_share_ids(js: Driver) -> None:
    code = "const { heard, done } = listen(subscribing().mixed); await done; return heard.data"
    assert await js.run(code) == [{"id": "1", "data": "a"}, "b", {"id": "2", "data": "c"}]


@everywhere
async def test_a_fatal_error_ends_it(js: Driver) -> None:
    code = "const { heard, done } = listen(subscribing().subErr); await done; return heard"
    heard = await js.run(code)
    assert heard["data"] == [1]
    error = heard["error"]
    assert (error["trpc"], error["message"], error["data"]["code"], error["data"]["reason"]) == (True, "sub no", "FORBIDDEN", "r")
    assert (error["data"]["path"], heard["completed"]) == ("subErr", False)


@everywhere
async def test_a_wrong_input_is_told_where(js: Driver) -> None:
    code = "const { heard, done } = listen(subscribing().tick, { n: 'x' }); await done; return heard.error"
    error = await js.run(code)
    assert error["data"]["code"] == "BAD_REQUEST"
    assert [issue["pointer"] for issue in error["data"]["issues"]] == ["/n"]


@everywhere
async def test_an_unknown_subscription_is_not_found(js: Driver) -> None:
    answer = await js.run("return await raw('/rpc/no.such', { headers: { accept: 'text/event-stream' } })")
    assert (answer["status"], answer["body"]["error"]["data"]["code"]) == (404, "NOT_FOUND")
    code = "const { heard, done } = listen(subscribing().no.such); await done; return heard.error !== null"
    assert await js.run(code) is True


@everywhere
async def test_after_a_passing_failure_the_browser_goes_on_where_it_was(js: Driver) -> None:
    code = """
        const before = await mark();
        const { heard, done } = listen(subscribing().tick, { n: 6, failAt: 3 });
        await done;
        return [heard, (await log(before)).filter(([what]) => what === 'tick-start')];
    """
    heard, starts = await js.run(code)
    assert heard["data"] == TRACKED[:6]
    assert heard["completed"] is True
    assert starts == [["tick-start", 0], ["tick-start", 3]]


@everywhere
async def test_after_its_longest_duration_a_connection_is_replaced(another: Another) -> None:
    code = """
        const before = await mark();
        const { heard, done } = listen(subscribing().tick, { n: 40 });
        await done;
        return [heard.data.map(({ data }) => data.i), heard.completed, heard.error, (await log(before)).filter(([what]) => what === 'tick-start').length];
    """
    items, completed, error, connections = await (await another("--max-duration", "0.3")).run(code)
    assert items == list(range(40))
    assert (completed, error) == (True, None)
    assert connections >= 2


async def test_after_silence_the_client_connects_anew_and_goes_on(js: Driver, fleet: Fleet, pair: tuple[str, str]) -> None:
    async with Cuttable(await fleet.origin(pair[0])) as line:
        code = f"""
            const before = await mark();
            const {{ heard, done, stop }} = listen(subscribing({{ url: '{line.origin}/rpc' }}).tick, {{ n: 600 }});
            await until(() => heard.data.length >= 3);
            await fetch('{line.origin}/cut');
            const had = heard.data.length;
            await until(async () => (await log(before)).some(([what, i]) => what === 'tick-start' && i > 0));
            await until(() => heard.data.length > had + 30);
            stop();
            return [heard.data.map(({{ data }}) => data.i), (await log(before)).filter(([what]) => what === 'tick-start')];
        """
        items, starts = await js.run(code)
    assert items == list(range(len(items)))
    assert len(starts) == 2
    assert 3 <= starts[1][1] <= len(items)


@everywhere
async def test_pings_hold_a_quiet_subscription(js: Driver) -> None:
    code = "const { heard, done } = listen(subscribing().quiet); await done; return [heard.data, heard.started]"
    assert await js.run(code) == [[1], 1]


@everywhere
async def test_connection_params_arrive(js: Driver) -> None:
    code = """
        const known = listen(subscribing({ connectionParams: async () => ({ token: 'Zoë+&%' }) }).whoami);
        const unknown = listen(subscribing().whoami);
        await Promise.all([known.done, unknown.done]);
        return [known.heard.data, unknown.heard.data];
    """
    assert await js.run(code) == [["Zoë+&%"], ["?"]]


@pytest.mark.parametrize("sent", ["{no", "3", '{"token":3}', '["a"]'])
async def test_bad_connection_params_are_refused_as_a_whole(js: Driver, sent: str) -> None:
    answer = await js.run(f"return await raw('/rpc/whoami?connectionParams=' + encodeURIComponent({json.dumps(sent)}))")
    assert (answer["status"], answer["body"]["error"]["code"]) == (400, -32700)


async def test_the_events_are_written_as_browsers_need_them(fleet: Fleet) -> None:
    async with httpx.AsyncClient(base_url=await fleet.origin("tiltyard")) as http:
        answer = await http.get("/rpc/mixed", headers={"last-event-id": "0"})
        quiet = await http.get("/rpc/quiet")
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text == (
        'event: connected\ndata: {"reconnectAfterInactivityMs":2000}\nretry: 1000\n\n'
        'data: "a"\nid: 1\n\n'
        'data: "b"\nid: \n\n'
        "event: restore-id\ndata: \nid: 1\n\n"
        'data: "c"\nid: 2\n\n'
        "event: return\ndata: \n\n"
    )
    assert "event: ping\ndata: \n\n" in quiet.text


@pytest.mark.parametrize(("header", "inside", "beside", "starts"), [("4", "1", "2", 5), (None, "1", "2", 3), (None, "1", None, 2), (None, None, None, 0)])
async def test_the_header_wins_over_the_query_and_that_over_the_input(
    fleet: Fleet, header: str | None, inside: str | None, beside: str | None, starts: int
) -> None:
    query = {"input": json.dumps({"n": 6} | ({"lastEventId": inside} if inside else {}))} | ({"lastEventId": beside} if beside else {})
    async with httpx.AsyncClient(base_url=await fleet.origin("tiltyard")) as http:
        answer = await http.get("/rpc/tick", params=query, headers={"last-event-id": header} if header else {})
    assert [line for line in answer.text.split("\n") if line.startswith("id:")] == [f"id: {i}" for i in range(starts, 6)]


async def test_open_subscriptions_do_not_keep_the_server_from_stopping() -> None:
    async with wire_server() as origin:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(origin.rsplit(":", 1)[1]))
        writer.write(b"GET /rpc/tick?input=%7B%22n%22:100000%7D HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"id: 2")
    rest = (await asyncio.wait_for(reader.read(), 3)).decode()
    assert "serialized-error" not in rest
    assert "event: return" not in rest
    assert rest.endswith("0\r\n\r\n")
    writer.close()
