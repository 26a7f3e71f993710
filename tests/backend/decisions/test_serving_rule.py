"""A rule decides where a prediction is answered: in the answer, in the log, for champion, challenger and shadow, and after a rollback."""

from uuid import uuid4

from backend.hub import Hub
from backend.ids import shadow_id
from backend.promotion.rollback import rollback
from schemas.decisions import DecisionRule
from schemas.groups import MemberRole, Rollback
from schemas.inference import PredictBody
from tests.support.decisions import bands, cut_at, split, with_rule
from tests.support.group import serve_group
from tests.support.predictions import ask, drain, logged
from tests.support.tenants import Tenant


async def test_an_answer_carries_its_decision_and_the_log_keeps_it_for_every_role(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    (plain,) = await ask(hub, tenant, serving.group, PredictBody(inputs=serving.inputs))
    assert (plain.decision, plain.decision_rule) == (None, None)
    champion = await with_rule(hub, tenant, serving.champion, cut_at(1e9))
    challenger = await with_rule(hub, tenant, serving.challenger, cut_at(-1e9))
    shadow = await with_rule(hub, tenant, champion, DecisionRule(bands=bands(("refer", None))))
    members = ((champion, MemberRole.CHAMPION, 5_000), (challenger, MemberRole.CHALLENGER, 5_000), (shadow, MemberRole.SHADOW, 0))
    group = await split(hub, tenant, serving.group.slug, *members)
    answers = await ask(hub, tenant, group, PredictBody(inputs=[serving.inputs] * 40))
    said = {one.role: (one.decision, one.decision_rule) for one in answers}
    assert said == {"champion": ("approve", champion.label), "challenger": ("decline", challenger.label)}
    await hub.serving.predictor(hub).close()
    await drain(hub, group)
    rows = await logged(hub, tenant, group)
    for one in answers:
        row, copy = rows[one.inference_id], rows[shadow_id(one.inference_id, shadow.id)]
        assert (row["decision"], row["decision_rule"]) == (one.decision, one.decision_rule)
        assert (copy["decision"], copy["decision_rule"], copy["role"]) == ("refer", shadow.label, "shadow")
    assert (rows[plain.inference_id]["decision"], rows[plain.inference_id]["decision_rule"]) == (None, None)


async def test_a_rule_by_segment_goes_by_the_declared_input(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    name = serving.champion.artifact.features[0] if serving.champion.artifact else ""
    segmented = {"7": bands(("decline", None))}
    rule = DecisionRule(bands=bands(("approve", None)), segment_by=name, segment_bands=segmented)
    champion = await with_rule(hub, tenant, serving.champion, rule)
    group = await split(hub, tenant, serving.group.slug, (champion, MemberRole.CHAMPION, 10_000))
    inputs = {key: value for key, value in serving.inputs.items() if key in (champion.artifact.features if champion.artifact else [])}
    answers = await ask(hub, tenant, group, PredictBody(inputs=[{**inputs, name: 7}, {**inputs, name: 7.0}, {**inputs, name: 7.5}]))
    assert [one.decision for one in answers] == ["decline", "decline", "approve"]


async def test_a_retry_with_its_key_gets_its_decision_again_and_a_rollback_brings_artifact_and_rule_back_together(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    first = await with_rule(hub, tenant, serving.champion, cut_at(1e9))
    second = await with_rule(hub, tenant, serving.challenger, cut_at(-1e9))
    await split(hub, tenant, serving.group.slug, (first, MemberRole.CHAMPION, 10_000))
    group = await split(hub, tenant, serving.group.slug, (second, MemberRole.CHAMPION, 10_000))
    request = PredictBody(inputs=serving.inputs, idempotency_key=uuid4().hex)
    (answer,) = await ask(hub, tenant, group, request)
    assert (answer.version, answer.decision, answer.decision_rule) == (second.label, "decline", second.label)
    assert await ask(hub, tenant, group, request) == [answer]
    async with hub.work(tenant.admin) as work:
        await rollback(work, Rollback(slug=group.slug, phase=group.phase.number, reason="the rule declines everybody"))
    (back,) = await ask(hub, tenant, group, PredictBody(inputs=serving.inputs))
    assert (back.version, back.decision, back.decision_rule) == (first.label, "approve", first.label)
