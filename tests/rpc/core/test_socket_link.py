"""wsLink: the same procedures over a WebSocket, by the official client."""

import pytest

from backend.adapters.processes import free_port
from tests.rpc.core.conftest import BROWSING, wire_server
from tests.support.node import Driver

pytestmark = [pytest.mark.busy, pytest.mark.asyncio(loop_scope="session")]
everywhere = pytest.mark.parametrize("pair", BROWSING.values(), ids=BROWSING)

TRACKED = [{"id": str(i), "data": {"i": i}} for i in range(10)]


@everywhere
async def test_calls_of_all_kinds_share_a_socket(js: Driver) -> None:
    code = """
        const { client, ws } = sockets();
        const calls = await Promise.all([
          client.ping.query(), client.hello.query({ name: 'Zoë 🏇' }), client.slow.query({ ms: 50 }), client.user.create.mutate({ name: 'a' }),
          client.user.reset.mutate(), client.nothing.query(), client.maybe.query(), client.user.byId.query('7'),
        ]);
        await ws.close();
        return calls;
    """
    user = {"id": "7", "name": "u7", "role": "user"}
    assert await js.run(code) == ["pong", {"text": "hi Zoë 🏇"}, 50, {"id": "1", "name": "a", "role": "user"}, True, None, {"got": "null"}, user]


@everywhere
async def test_errors_are_typed_and_each_calls_own(js: Driver) -> None:
    code = """
        const { client, ws } = sockets();
        const errors = await Promise.all([
          failure(client.fail.query()), failure(client.hello.query({ name: '' })), failure(client.no.such.query()), failure(client.boom.query()),
          failure(client.gen.query()), failure(client.ping.mutate()), client.ping.query(),
        ]);
        await ws.close();
        return errors;
    """
    dup, wrong, unknown, boom, generator, kind, pong = await js.run(code)
    assert (dup["trpc"], dup["data"]["reason"], dup["data"]["retryAfter"], dup["data"]["path"]) == (True, "duplicate", 3, "fail")
    assert [issue["pointer"] for issue in wrong["data"]["issues"]] == ["/name"]
    assert [e["data"]["code"] for e in (unknown, boom, generator, kind)] == ["NOT_FOUND", "INTERNAL_SERVER_ERROR", "UNSUPPORTED_MEDIA_TYPE", "NOT_FOUND"]
    assert "kaboom" not in str(boom)
    assert pong == "pong"


@everywhere
async def test_a_subscription_starts_brings_its_items_and_stops(js: Driver) -> None:
    code = """
        const { client, ws } = sockets();
        const all = [listen(client.tick, { n: 4 }), listen(client.mixed), listen(client.subErr)];
        await Promise.all(all.map(({ done }) => done));
        await ws.close();
        return all.map(({ heard }) => heard);
    """
    tick, mixed, failed = await js.run(code)
    assert (tick["data"], tick["completed"], tick["started"]) == (TRACKED[:4], True, 1)
    assert mixed["data"] == [{"id": "1", "data": "a"}, "b", {"id": "2", "data": "c"}]
    assert (failed["data"], failed["error"]["data"]["reason"]) == ([1], "r")


@everywhere
async def test_unsubscribing_stops_it_and_the_socket_goes_on(js: Driver) -> None:
    code = """
        const { client, ws } = sockets();
        const before = await mark();
        const { heard, stop } = listen(client.tick, { n: 1000 });
        await until(() => heard.data.length >= 3);
        stop();
        await until(async () => (await log(before)).length === 2);
        const pong = await client.ping.query();
        await ws.close();
        return [(await log(before)).map(([what]) => what), pong];
    """
    assert await js.run(code) == [["tick-start", "tick-closed"], "pong"]


async def test_closing_the_socket_ends_what_it_had_open(js: Driver) -> None:
    code = """
        const before = await mark();
        const { say, socket, said } = await bareSocket('/rpc');
        say({ id: 1, method: 'subscription', params: { path: 'tick', input: { n: 1000 } } });
        say({ id: 2, method: 'subscription', params: { path: 'tick', input: { n: 1000 } } });
        await until(() => said.length > 6);
        socket.close();
        await until(async () => (await log(before)).length === 4);
        return (await log(before)).map(([what]) => what).sort();
    """
    assert await js.run(code) == ["tick-closed", "tick-closed", "tick-start", "tick-start"]


async def test_leaving_cancels_the_calls_of_a_socket(ours: Driver) -> None:
    code = """
        const before = await mark();
        const { say, socket } = await bareSocket('/rpc');
        say({ id: 1, method: 'query', params: { path: 'slow', input: { ms: 9000 } } });
        await sleep(100);
        socket.close();
        await until(async () => (await log(before)).length === 1);
        return await log(before);
    """
    assert await ours.run(code) == [["cancelled", "slow"]]


@everywhere
async def test_connection_params_come_first(js: Driver) -> None:
    code = """
        const { client, ws } = sockets({ connectionParams: async () => ({ token: 'Zoë' }) });
        const known = listen(client.whoami);
        const plain = sockets();
        const unknown = listen(plain.client.whoami);
        await Promise.all([known.done, unknown.done]);
        await ws.close();
        await plain.ws.close();
        return [known.heard.data, unknown.heard.data];
    """
    assert await js.run(code) == [["Zoë"], ["?"]]


async def test_bad_connection_params_end_the_connection(js: Driver) -> None:
    code = """
        const answers = [];
        for (const said of ['{no', '3', '{"method":"connectionParams","data":{"token":3}}']) {
          const { said: heard, say, closed } = await bareSocket('/rpc?connectionParams=1');
          say(said);
          await closed;
          const [{ id, error }] = heard.filter((one) => one !== 'PING');
          answers.push([id, error.code]);
        }
        return answers;
    """
    assert await js.run(code) == [[None, -32700]] * 3


async def test_the_messages_are_as_the_client_expects_them(js: Driver) -> None:
    code = """
        const { said, say, socket } = await bareSocket('/rpc');
        const heard = () => said.filter((one) => one !== 'PING');
        say('PING');
        await until(() => heard().length === 1);
        say({ id: 1, jsonrpc: '2.0', method: 'query', params: { path: 'ping' } });
        await until(() => heard().length === 2);
        say([{ id: 'a', method: 'query', params: { path: 'user.byId', input: '5' } }, { id: 2, method: 'subscription', params: { path: 'mixed' } }]);
        await until(() => heard().length === 8);
        say({ id: 99, method: 'subscription.stop' });
        say({ id: 3, method: 'subscription', params: { path: 'tick', input: { n: 3 }, lastEventId: '1' } });
        await until(() => heard().length === 11);
        say({ id: 4, method: 'subscription', params: { path: 'subErr' } });
        await until(() => heard().length === 15);
        socket.close();
        return heard();
    """
    heard = await js.run(code)
    assert heard[:2] == ["PONG", {"id": 1, "jsonrpc": "2.0", "result": {"type": "data", "data": "pong"}}]
    by_id = {key: [one["result"] for one in heard[2:] if one["id"] == key and "result" in one] for key in ("a", 2, 3, 4)}
    assert by_id["a"] == [{"type": "data", "data": {"id": "5", "name": "u5", "role": "user"}}]
    assert by_id[2] == [
        {"type": "started"},
        {"type": "data", "id": "1", "data": {"id": "1", "data": "a"}},
        {"type": "data", "data": "b"},
        {"type": "data", "id": "2", "data": {"id": "2", "data": "c"}},
        {"type": "stopped"},
    ]
    assert by_id[3] == [{"type": "started"}, {"type": "data", "id": "2", "data": {"id": "2", "data": {"i": 2}}}, {"type": "stopped"}]
    assert by_id[4] == [{"type": "started"}, {"type": "data", "data": 1}, {"type": "stopped"}]
    assert [one["error"]["data"]["reason"] for one in heard if one != "PONG" and "error" in one] == ["r"]


async def test_what_cannot_be_read_is_told_and_the_socket_goes_on(js: Driver) -> None:
    code = """
        const { said, say, socket } = await bareSocket('/rpc');
        const heard = () => said.filter((one) => one !== 'PING');
        const sent = ['{no', '3', '[1]', { id: 1, method: 'nope', params: {} }, { id: {}, method: 'query', params: { path: 'ping' } }];
        sent.forEach(say);
        await until(() => heard().length === sent.length);
        say({ id: null, method: 'query', params: { path: 'ping' } });
        say({ id: 5, method: 'subscription', params: { path: 'quiet' } });
        say({ id: 5, method: 'subscription', params: { path: 'quiet' } });
        await until(() => heard().some((one) => one.error?.message.includes('Duplicate')));
        say({ id: 7, method: 'query', params: { path: 'ping' } });
        await until(() => heard().some((one) => one.id === 7));
        socket.close();
        return heard().filter((one) => one.error).map(({ id, error }) => [id, error.code]);
    """
    told = await js.run(code)
    assert told[:5] == [[None, -32700]] * 5
    assert told[5][0] is None
    assert told[6] == [5, -32600]


async def test_a_quiet_client_is_pinged(js: Driver) -> None:
    code = """
        const { said, socket } = await bareSocket('/rpc');
        await until(() => said.includes('PING'));
        socket.close();
        return said[0];
    """
    assert await js.run(code) == "PING"


async def test_the_client_may_ping_and_is_held_by_pongs(js: Driver) -> None:
    code = """
        const { client, ws } = sockets({ keepAlive: { enabled: true, intervalMs: 50, pongTimeoutMs: 500 } });
        const { heard, done } = listen(client.quiet);
        await done;
        await ws.close();
        return [heard.data, heard.started];
    """
    assert await js.run(code) == [[1], 1]


async def test_one_socket_has_only_so_many_calls_open(ours: Driver) -> None:
    code = """
        const { said, say, socket } = await bareSocket('/rpc');
        const heard = () => said.filter((one) => one !== 'PING');
        for (let id = 0; id < 230; id++) say({ id, method: 'query', params: { path: 'slow', input: { ms: 2000 } } });
        await until(() => heard().length === 230);
        socket.close();
        return [heard().filter(({ error }) => error?.data.code === 'TOO_MANY_REQUESTS').length, heard().filter(({ result }) => result).length];
    """
    assert await ours.run(code) == [30, 200]


@pytest.mark.parametrize("kind", ["tiltyard", "oracle"])
async def test_before_a_shutdown_clients_are_asked_to_connect_anew(ours: Driver, kind: str) -> None:
    async with wire_server(kind=kind) as origin:
        await ours.run(
            f"""
            const {{ said, closed }} = await bareSocket('/rpc', undefined, '{origin}');
            globalThis.asked = {{ said, closed }};
            """
        )
    said = await ours.run("await globalThis.asked.closed; return globalThis.asked.said.filter((one) => one !== 'PING')")
    assert said == [{"id": None, "method": "reconnect"}]


async def test_after_a_restart_the_client_goes_on_where_it_was(ours: Driver) -> None:
    port = free_port()
    async with wire_server(port=port):
        await ours.run(
            f"""
            const {{ client, ws }} = sockets({{ at: 'http://127.0.0.1:{port}/rpc' }});
            globalThis.going = {{ ...listen(client.tick, {{ n: 100000 }}), ws }};
            await until(() => globalThis.going.heard.data.length >= 5);
            """
        )
    async with wire_server(port=port):
        code = """
            const { heard, stop, ws } = globalThis.going;
            const had = heard.data.length;
            await until(() => heard.data.length > had + 20);
            stop();
            await ws.close();
            return heard.data.map(({ data }) => data.i);
        """
        items = await ours.run(code)
    assert items == list(range(len(items)))


@pytest.mark.parametrize(("origin", "opened"), [("http://evil.example", False), ("null", False), ("http://[", False), ("SAME", True), (None, True)])
async def test_other_sites_pages_get_no_socket(ours: Driver, origin: str | None, opened: bool) -> None:
    option = "undefined" if origin is None else "{ origin }" if origin == "SAME" else f"{{ origin: '{origin}' }}"
    code = f"const {{ socket }} = await bareSocket('/rpc', {option}); const state = socket.readyState; socket.close(); return state === 1"
    assert await ours.run(code) is opened
