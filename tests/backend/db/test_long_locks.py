"""A lock held over long work stays its holder's, and is let go of when the holder falls silent."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from backend.db import locks, long_locks
from backend.db.long_locks import awake, lock_within
from backend.hub import Hub
from tests.support.tenants import Tenant


@pytest.fixture(autouse=True)
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (locks, long_locks):
        monkeypatch.setattr(module, "SILENCE", timedelta(seconds=1))


async def test_whoever_is_kept_awake_has_the_lock_however_long_the_work_takes(hub: Hub, tenant: Tenant) -> None:
    name = uuid4().hex
    async with hub.work(tenant.admin) as work:
        assert await lock_within(work.session, name, 1)
        async with awake(work.session):
            await asyncio.sleep(2)
            async with hub.work(tenant.admin) as other:
                assert not await lock_within(other.session, name, 0.5)
    async with hub.work(tenant.admin) as work:
        assert await lock_within(work.session, name, 1)


async def test_whoever_falls_silent_loses_it_and_is_told_before_going_on(hub: Hub, tenant: Tenant) -> None:
    name = uuid4().hex

    async def fall_silent() -> None:
        async with hub.work(tenant.admin) as work:
            assert await lock_within(work.session, name, 1)
            await asyncio.sleep(1.5)
            async with hub.work(tenant.admin) as other:
                assert await lock_within(other.session, name, 1)
            async with awake(work.session):
                pass
            pytest.fail("the lock was lost")

    with pytest.raises(DBAPIError):
        await fall_silent()
