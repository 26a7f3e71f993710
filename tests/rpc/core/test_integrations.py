"""splitLink, and TanStack Query over the official integration, in Node and in a real browser."""

import pytest

from tests.rpc.core.conftest import BROWSING
from tests.support.node import Driver

pytestmark = [pytest.mark.busy, pytest.mark.asyncio(loop_scope="session")]
everywhere = pytest.mark.parametrize("pair", BROWSING.values(), ids=BROWSING)
newest = {name: pair for name, pair in BROWSING.items() if pair[1] != "older"}
by_tanstack = pytest.mark.parametrize("pair", newest.values(), ids=newest)


@everywhere
async def test_each_kind_of_call_takes_its_own_link(js: Driver) -> None:
    code = """
        const client = split();
        const { heard, done } = listen(client.tick, { n: 2 });
        const [pong, size, user, items] = await Promise.all([
          client.ping.query(), client.octets.mutate(new Uint8Array(5000)), client.user.create.mutate({ name: 'a' }), client.gen.query().then(collect),
        ]);
        await done;
        return [pong, size, user.name, items, heard.data.length];
    """
    assert await js.run(code) == ["pong", 5000, "a", [1, 2], 2]


@by_tanstack
async def test_queries_are_fetched_and_cached(js: Driver) -> None:
    code = """
        const { queries, trpc } = tanstack();
        const options = trpc.hello.queryOptions({ name: 'A' });
        const fetched = await Promise.all([queries.fetchQuery(options), queries.fetchQuery(trpc.ping.queryOptions())]);
        return [fetched, queries.getQueryData(trpc.hello.queryKey({ name: 'A' })), options.queryKey];
    """
    hello = {"text": "hi A"}
    assert await js.run(code) == [[hello, "pong"], hello, [["hello"], {"input": {"name": "A"}, "type": "query"}]]


@by_tanstack
async def test_a_generator_fills_its_query(js: Driver) -> None:
    code = """
        const { queries, trpc } = tanstack();
        return await queries.fetchQuery(trpc.gen.queryOptions());
    """
    assert await js.run(code) == [1, 2]


@by_tanstack
async def test_an_infinite_query_reads_page_after_page(js: Driver) -> None:
    code = """
        const { queries, trpc, InfiniteQueryObserver } = tanstack();
        const options = trpc.pages.infiniteQueryOptions({ size: 2 }, { getNextPageParam: (page) => page.next_cursor });
        const observer = new InfiniteQueryObserver(queries, options);
        const stop = observer.subscribe(() => {});
        await until(() => observer.getCurrentResult().isSuccess);
        await observer.fetchNextPage();
        await observer.fetchNextPage();
        const { data, hasNextPage } = observer.getCurrentResult();
        stop();
        return [data.pages.map(({ items }) => items), hasNextPage];
    """
    assert await js.run(code) == [[[0, 1], [2, 3], [4]], False]


@by_tanstack
async def test_a_mutation_is_carried_out(js: Driver) -> None:
    code = """
        const { queries, trpc, MutationObserver } = tanstack();
        const create = new MutationObserver(queries, trpc.user.create.mutationOptions());
        return await create.mutate({ name: 'Zoë' });
    """
    assert await js.run(code) == {"id": "1", "name": "Zoë", "role": "user"}


@by_tanstack
async def test_an_error_stays_typed(js: Driver) -> None:
    code = """
        const { queries, trpc, MutationObserver } = tanstack();
        const create = new MutationObserver(queries, trpc.user.create.mutationOptions());
        return [await failure(queries.fetchQuery(trpc.fail.queryOptions())), await failure(create.mutate({}))];
    """
    dup, wrong = await js.run(code)
    assert (dup["trpc"], dup["data"]["reason"], dup["data"]["retryAfter"]) == (True, "duplicate", 3)
    assert [issue["pointer"] for issue in wrong["data"]["issues"]] == ["/name"]


async def test_fields_that_infinite_queries_add_are_taken_out_where_nobody_asked_for_them(ours: Driver) -> None:
    code = """
        const { queries, trpc } = tanstack();
        const options = trpc.hello.infiniteQueryOptions({ name: 'A' }, { getNextPageParam: () => null, initialCursor: 'x' });
        return (await queries.fetchInfiniteQuery(options)).pages;
    """
    assert await ours.run(code) == [{"text": "hi A"}]
