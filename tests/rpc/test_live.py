"""The live procedures as they are served: over HTTP, from two processes, resumed, cut off, and left."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import text

from backend.access import tokens
from backend.actor import ANONYMOUS
from backend.adapters.processes import free_port
from backend.alerts import settle as alerts
from backend.bootstrap import open_hub
from backend.declarations.alerts import Finding
from backend.groups import service as groups
from backend.hub import Hub
from backend.outcomes import service as outcomes
from backend.runs import service as runs
from backend.settings import Settings
from rpc.commands.shared.installation import environment_of
from rpc.core.http import Options, RpcApp
from rpc.host import ProductHost
from rpc.root import root
from schemas.access import TokenRef
from schemas.alerts import Severity
from schemas.groups import SetSplit
from schemas.inference import Outcome, PredictBody, RecordOutcomes
from tests.support.events import Event, listening
from tests.support.group import Serving, serve_group
from tests.support.node import Driver
from tests.support.predictions import ask, drain
from tests.support.serving import asking, serving
from tests.support.tenants import Tenant, new_tenant

pytestmark = pytest.mark.busy

ROOT = Path(__file__).parents[2]
FACT = Finding("tests.fact", "thing:1", Severity.MEDIUM, "It is so.", "Mend it.")


@asynccontextmanager
async def process(settings: Settings, port: int | None = None) -> AsyncIterator[str]:
    """The origin of an API process of its own."""
    port = port or free_port()
    command = [sys.executable, "-m", "rpc.cli", "serve", "--port", str(port)]
    one = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment_of(settings))
    origin = f"http://127.0.0.1:{port}"
    try:
        await _ready(origin)
        yield origin
    finally:
        one.send_signal(signal.SIGTERM)
        await asyncio.wait_for(one.wait(), 20)


async def _ready(origin: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(90):
        while True:
            try:
                if (await http.get(f"{origin}/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def origins(settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """Two API processes on one database and one Redis, and a worker that is alive as far as they know: nothing else raises alerts."""
    async with open_hub(settings) as hub, AsyncExitStack() as stack:
        async with hub.work(ANONYMOUS) as work:
            await runs.beat(work, "test_live", "here", 1)
            await work.session.execute(text("UPDATE workers SET seen_at = hub_now() + interval '1 hour' WHERE worker_id = 'test_live'"))
        yield await stack.enter_async_context(process(settings)), await stack.enter_async_context(process(settings))
        async with hub.work(ANONYMOUS) as work:
            await runs.leave(work, "test_live")


async def one_more_run(hub: Hub, tenant: Tenant, subject: str = "thing:1") -> UUID:
    async with hub.work(tenant.admin) as work:
        return await runs.start(work, "tests.live", subject, {})


async def take(events: AsyncIterator[Event], count: int = 1) -> list[Event]:
    async with asyncio.timeout(20):
        return [await anext(events) for _ in range(count)]


async def test_a_listener_cut_off_again_and_again_misses_nothing_whichever_process_it_comes_back_to(origins: tuple[str, str], hub: Hub, tenant: Tenant) -> None:
    first = await one_more_run(hub, tenant)
    wanted = [first]

    async def make() -> None:
        for at in range(120):
            wanted.append(await one_more_run(hub, tenant, f"thing:{at}"))
            await asyncio.sleep(0.02)

    async with listening(origins[0], "runs.onProgress", tenant.token) as events:
        (begun,) = await take(events)
    making = asyncio.create_task(make())
    heard, last, connections = [begun.data["id"]], begun.id, 1
    async with asyncio.timeout(60):
        while len(heard) < 121:
            async with listening(origins[connections % 2], "runs.onProgress", tenant.token, last_id=last) as events:
                connections += 1
                async for event in events:
                    assert event.kind == "message"
                    heard.append(event.data["id"])
                    last = event.id
                    if len(heard) % 11 == 0 or len(heard) == 121:
                        break
    await making
    assert connections > 10
    assert heard == [str(one) for one in wanted]


async def test_the_official_client_follows_runs_and_goes_on_where_it_was_after_its_process_was_replaced(hub: Hub, tenant: Tenant, settings: Settings) -> None:
    port = free_port()
    listen = f"""
        globalThis.live = listen(subscribing({{ connectionParams: {{ token: '{tenant.token}' }} }}).runs.onProgress, {{}});
        await until(() => live.heard.data.length >= 1);
        return live.heard.started;
    """
    wanted = [await one_more_run(hub, tenant)]
    async with process(settings, port) as origin:
        client = await Driver.start(origin)
        try:
            assert await client.run(listen, within=30) == 1
        except BaseException:
            await client.stop()
            raise
    try:
        wanted += [await one_more_run(hub, tenant) for _ in range(3)]
        async with process(settings, port):
            wanted.append(await one_more_run(hub, tenant))
            heard = await client.run(
                "await until(() => live.heard.data.length >= 5, 25000); live.stop(); return live.heard.data.map(({ data }) => data.id)", within=30
            )
        assert heard == [str(one) for one in wanted]
    finally:
        await client.stop()


async def test_the_comparison_moves_with_predictions_outcomes_and_phases_once_a_second_at_most(origins: tuple[str, str], hub: Hub, tenant: Tenant) -> None:
    serving_ = await serve_group(hub, tenant, challenger_share=5_000)
    slug = serving_.group.slug
    loop = asyncio.get_running_loop()
    async with (
        listening(origins[0], "groups.onComparison", tenant.token, slug=slug) as here,
        listening(origins[1], "groups.onComparison", tenant.token, slug=slug) as there,
    ):
        for events in (here, there):
            assert _counts((await take(events))[0]) == (0, 0, 1)
        answers = [await ask(hub, tenant, serving_.group, PredictBody(inputs=[serving_.inputs] * 40)) for _ in range(2)]
        await drain(hub, serving_.group)
        for events in (here, there):
            assert await _until(events, (80, 0, 1)) is not None
        told = [Outcome(inference_id=one.inference_id, actual=1.0) for answer in answers for one in answer]
        moments = []
        for part in range(0, 80, 10):
            async with hub.work(tenant.admin) as work:
                await outcomes.record(work, RecordOutcomes(slug=slug, outcomes=told[part : part + 10]))
            await asyncio.sleep(0.05)
        while True:
            (event,) = await take(here)
            moments.append(loop.time())
            if _counts(event) == (80, 80, 1):
                break
        assert all(later - earlier > 0.9 for earlier, later in pairwise(moments))
        await _split(hub, tenant, serving_)
        assert await _until(here, (0, 0, 2)) is not None
        assert (await _until(there, (0, 0, 2))).data["slug"] == slug


async def _until(events: AsyncIterator[Event], wanted: tuple[int, int, int]) -> Event:
    while True:
        (event,) = await take(events)
        if _counts(event) == wanted:
            return event


def _counts(event: Event) -> tuple[int, int, int]:
    said: dict[str, Any] = event.data
    return sum(one["n"] for one in said["contenders"]), sum(one["n_labelled"] for one in said["contenders"]), said["phase"]


async def _split(hub: Hub, tenant: Tenant, serving_: Serving) -> None:
    members = [{"version_id": member.version_id, "role": member.role, "share": 5_000} for member in serving_.group.phase.members]
    async with hub.work(tenant.admin) as work:
        await groups.set_split(work, msgspec.convert({"slug": serving_.group.slug, "phase": 1, "members": members}, SetSplit))


async def test_a_group_that_is_not_there_ends_the_stream_with_its_error(origins: tuple[str, str], tenant: Tenant) -> None:
    async with listening(origins[0], "groups.onComparison", tenant.token, slug="nowhere") as events:
        (event,) = await take(events)
    assert event.kind == "serialized-error"
    assert (event.data["data"]["code"], event.data["data"]["reason"]) == ("NOT_FOUND", "GROUP_NOT_FOUND")


async def test_an_alert_arrives_at_every_process_and_at_no_other_tenant(origins: tuple[str, str], hub: Hub, tenant: Tenant) -> None:
    stranger = await new_tenant(hub)
    async with (
        listening(origins[0], "alerts.onAlert", tenant.token) as here,
        listening(origins[1], "alerts.onAlert", tenant.token) as there,
        listening(origins[0], "alerts.onAlert", stranger.token) as theirs,
    ):
        await asyncio.sleep(0.5)
        for findings in ([FACT], [], []):
            async with hub.work(tenant.admin) as work:
                await alerts.settle(work, {FACT.kind}, findings)
        async with hub.work(stranger.admin) as work:
            await alerts.settle(work, {FACT.kind}, [FACT])
        for events in (here, there):
            assert [(one.data["kind"], one.data["state"]) for one in await take(events, 2)] == [(FACT.kind, "open"), (FACT.kind, "resolved")]
        await asyncio.sleep(0.5)
        for _ in range(2):
            async with hub.work(stranger.admin) as work:
                await alerts.settle(work, {FACT.kind}, [])
        assert [one.data["state"] for one in await take(theirs, 2)] == ["open", "resolved"], "of two tenants' four changes, its own two"


async def test_a_revoked_token_ends_its_streams(hub: Hub, tenant: Tenant) -> None:
    app = RpcApp(root, ProductHost(hub), Options(recheck_interval=0.1))
    async with serving(app) as port, listening(f"http://127.0.0.1:{port}", "runs.onProgress", tenant.token) as events:
        await one_more_run(hub, tenant)
        assert (await take(events))[0].kind == "message"
        async with hub.work(tenant.admin) as work:
            token = next(one.id for one in await tokens.list_tokens(work))
            await tokens.revoke_token(work, TokenRef(token_id=token))
        (event,) = await take(events)
    assert (event.kind, event.data["data"]["code"]) == ("serialized-error", "UNAUTHORIZED")


async def test_a_listener_that_leaves_closes_its_generator_at_once(hub: Hub, tenant: Tenant) -> None:
    async with serving(RpcApp(root, ProductHost(hub), Options())) as port:
        async with asking(port, "/rpc/alerts.onAlert", f"Authorization: Bearer {tenant.token}") as answer:
            await answer.readuntil(b"connected")
            async with asyncio.timeout(5):
                while hub.wakeups.watching != 1:
                    await asyncio.sleep(0.01)
        async with asyncio.timeout(2):
            while hub.wakeups.watching:
                await asyncio.sleep(0.01)
