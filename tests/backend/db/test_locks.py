"""A process cut off in a transaction that others wait for: PostgreSQL ends its transaction, and they go on."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from backend.db import locks
from backend.declarations.actions import AuditAction
from backend.groups.halt import halt_group
from backend.groups.phases import find
from backend.hub import Hub
from backend.work.unit import UnitOfWork
from schemas.groups import HaltGroup
from tests.support.served import Served

CHANGE = AuditAction("tests.change", "A test changed something.")


async def _audit(work: UnitOfWork) -> None:
    work.audit(CHANGE, "tests:1")
    await work.finish()
    work._changes.clear()


async def _change_group(work: UnitOfWork, slug: str) -> None:
    await find(work, slug, lock=True)


@pytest.mark.parametrize("holds", ["audit", "group"])
async def test_what_a_cut_off_process_holds_is_let_go(monkeypatch: pytest.MonkeyPatch, hub: Hub, served: Served, holds: str) -> None:
    monkeypatch.setattr(locks, "SILENCE", timedelta(seconds=1))
    group = await served.group(hub)
    halted = False

    async def cut_off() -> None:
        nonlocal halted
        async with hub.work(served.tenant.admin) as silent:
            await (_audit(silent) if holds == "audit" else _change_group(silent, group.slug))
            async with asyncio.timeout(20), hub.work(served.tenant.admin) as work:
                halted = (await halt_group(work, HaltGroup(slug=group.slug, reason="it is wrong"))).halt is not None

    with pytest.raises(DBAPIError):
        await cut_off()
    assert halted


async def test_a_lock_is_held_by_one_or_shared_until_the_end(hub: Hub, served: Served) -> None:
    async with hub.work(served.tenant.admin) as one, hub.work(served.tenant.admin) as other:
        assert await locks.try_lock(one.session, "a")
        assert not await locks.try_lock(other.session, "a")
        await locks.lock(one.session, "b", shared=True)
        await locks.lock(other.session, "b", shared=True)
        assert not await locks.try_lock(one.session, "b")
    async with hub.work(served.tenant.admin) as work:
        assert await locks.try_lock(work.session, "a")
        assert await locks.try_lock(work.session, "b")


async def test_silence_ends_only_what_others_wait_for(monkeypatch: pytest.MonkeyPatch, hub: Hub, served: Served) -> None:
    monkeypatch.setattr(locks, "SILENCE", timedelta(seconds=0.2))
    async with hub.work(served.tenant.admin) as work:
        assert await locks.try_lock(work.session, "c")
        await asyncio.sleep(0.6)
        assert await locks.try_lock(work.session, "d")
