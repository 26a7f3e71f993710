"""A process that is cut off in the middle of a transaction holds what it has written. Nothing that stops or changes a group may wait for it."""

import asyncio

import pytest
from sqlalchemy import text

from backend.groups.halt import halt_group, resume_group
from backend.groups.service import set_split
from backend.hub import Hub
from schemas.groups import HaltGroup, MemberRole, MemberSpec, ResumeGroup, SetSplit
from tests.support.served import Served

pytestmark = pytest.mark.busy

TALLY = """
INSERT INTO tallies (tenant_id, group_id, phase, version_id, arm, slot, seconds, rows, labelled, sketch)
VALUES (:tenant, :group, 1, :version, 'random', 0, 60, 0, 0, '')
"""


async def test_a_writer_cut_off_in_its_transaction_holds_up_neither_a_halt_nor_a_new_split(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    champion = group.phase.members[0].version_id
    async with hub.work(served.tenant.admin) as writer:
        await writer.session.execute(text(TALLY), {"tenant": served.tenant.admin.tenant_id, "group": group.id, "version": champion})
        async with asyncio.timeout(20):
            async with hub.work(served.tenant.admin) as work:
                assert (await halt_group(work, HaltGroup(slug=group.slug, reason="the feed is wrong"))).halt is not None
            async with hub.work(served.tenant.admin) as work:
                assert (await resume_group(work, ResumeGroup(slug=group.slug, reason="it is right again"))).halt is None
            async with hub.work(served.tenant.admin) as work:
                await set_split(work, SetSplit(slug=group.slug, phase=1, members=[MemberSpec(version_id=champion, role=MemberRole.CHAMPION, share=10_000)]))
