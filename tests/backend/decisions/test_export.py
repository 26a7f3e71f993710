"""Exported logs carry decisions."""

from backend.decisions import final
from backend.exchange import transfer
from backend.hub import Hub
from schemas.decisions import FinalDecision, RecordDecisions
from schemas.groups import MemberRole
from schemas.inference import PredictBody
from schemas.log import ExportLog
from tests.support.decisions import cut_at, split, with_rule
from tests.support.group import serve_group
from tests.support.predictions import ask, drain
from tests.support.tenants import Tenant


async def test_an_exported_row_says_what_was_recommended_and_what_was_finally_done(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    champion = await with_rule(hub, tenant, serving.champion, cut_at(1e9))
    group = await split(hub, tenant, serving.group.slug, (champion, MemberRole.CHAMPION, 10_000))
    (answer,) = await ask(hub, tenant, group, PredictBody(inputs=serving.inputs))
    await drain(hub, group)
    async with hub.work(tenant.admin) as work:
        told = FinalDecision(inference_id=answer.inference_id, decision="decline", by="ann")
        await final.record(work, RecordDecisions(slug=group.slug, decisions=[told]))
    for layout in ("databricks", "kserve", "sagemaker"):
        async with hub.work(tenant.admin) as work:
            lines = "".join((await transfer.export(work, ExportLog(slug=group.slug, layout=layout))).lines)  # type: ignore[arg-type]
        assert "approve" in lines
        assert "decline" in lines
