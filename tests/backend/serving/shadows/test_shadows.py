"""Shadows: a copy of each answered request, scored after it and never in its way."""

import asyncio
import time
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import msgspec
import onnx
import pytest
from onnx import TensorProto, helper
from sqlalchemy import text

from backend.adapters.processes import free_port
from backend.bootstrap import open_hub
from backend.catalog import service as catalog
from backend.catalog.upload import admit
from backend.comparison import service as comparison
from backend.groups import service as groups
from backend.hub import Hub
from backend.ids import shadow_id
from backend.inference_log import browse
from backend.outcomes import service as outcomes
from backend.promotion import promote as promoting
from backend.serving.shadows import queue
from backend.serving.traffic import traffic as read_traffic
from backend.settings import Settings
from schemas.catalog import CreateVersion, Version, VersionRef
from schemas.groups import CreateGroup, Group, GroupRef, MemberRole, MemberSpec, SetSplit
from schemas.inference import GroupTraffic, InferenceRef, Outcome, OutcomesReceipt, PredictBody, Prediction, RecordOutcomes
from schemas.model_document import ModelDocument
from schemas.promotion import Comparison, Promote
from tests.support.credit import WIDER, document
from tests.support.predictions import ask, data_plane, drain, logged
from tests.support.served import Served
from tests.support.web import client_of, result

pytestmark = pytest.mark.busy

Rows = dict[UUID, dict[str, Any]]
REFUSED = 99.0
"""The value of pay_1 that the brittle version cannot look up."""


def brittle_onnx() -> bytes:
    """A model file that looks pay_1 up in a table of 50: any other value is an error of its runtime."""
    floats, whole = TensorProto.FLOAT, TensorProto.INT64
    nodes = [
        helper.make_node("Gather", ["X", "column"], ["picked"], axis=1),
        helper.make_node("Cast", ["picked"], ["at"], to=whole),
        helper.make_node("Gather", ["table", "at"], ["score"], axis=0),
    ]
    constants = [helper.make_tensor("column", whole, [1], [1]), helper.make_tensor("table", floats, [50], [at / 100 for at in range(50)])]
    taken = [helper.make_tensor_value_info("X", floats, [None, len(WIDER)])]
    given = [helper.make_tensor_value_info("score", floats, [None, 1])]
    model = helper.make_model(helper.make_graph(nodes, "brittle", taken, given, constants), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"feature_names": msgspec.json.encode(WIDER).decode()})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


async def brittle_version(hub: Hub, served: Served) -> Version:
    said = msgspec.convert(document(wide=True), ModelDocument)
    async with hub.work(served.tenant.admin) as work:
        number = f"9.{int(uuid4().hex[:6], 16)}"
        draft = await catalog.create_version(work, CreateVersion(model=served.serving.model_slug, version=number, document=said))
    file = hub.data_dir / f"upload-{uuid4().hex}"
    file.write_bytes(brittle_onnx())
    return await admit(hub, served.tenant.admin, VersionRef(version_id=draft.id), file)


def specs(served: Served, shadow: UUID | None) -> list[MemberSpec]:
    champion = MemberSpec(version_id=served.serving.champion.id, role=MemberRole.CHAMPION, share=10_000)
    return [champion, *([MemberSpec(version_id=shadow, role=MemberRole.SHADOW, share=0)] if shadow else [])]


async def shadowed(hub: Hub, served: Served, shadow: UUID | None = None) -> Group:
    """A group of the champion and a shadow: the wider version, unless another is given."""
    slug = f"s_{uuid4().hex[:10]}"
    members = specs(served, shadow or served.serving.challenger.id)
    async with hub.work(served.tenant.admin) as work:
        return await groups.create(work, CreateGroup(name=slug, slug=slug, members=members))


async def tell(hub: Hub, served: Served, group: Group, *told: Outcome) -> OutcomesReceipt:
    async with hub.work(served.tenant.admin) as work:
        return await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=list(told)))


async def traffic(hub: Hub, served: Served, group: Group) -> GroupTraffic:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return await read_traffic(work, GroupRef(slug=group.slug))


async def compare(hub: Hub, served: Served, group: Group) -> Comparison:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return await comparison.compare(work, group.slug)


async def settled(hub: Hub) -> None:
    """What waits for shadows is finished as a process that stops finishes it."""
    await hub.serving.stop()


async def rows_of(hub: Hub, served: Served, group: Group) -> tuple[Rows, Rows]:
    """The answers' rows and the shadows', once all are in the log."""
    await settled(hub)
    await drain(hub, group)
    rows = await logged(hub, served.tenant, group)
    copies = {key: row for key, row in rows.items() if row["role"] == "shadow"}
    return {key: row for key, row in rows.items() if key not in copies}, copies


async def test_three_hundred_requests_make_as_many_explained_copies_each_linked_to_its_answer_and_told_its_truth(hub: Hub, served: Served) -> None:
    group = await shadowed(hub, served)
    async with data_plane(hub, served.tenant.token) as http:

        async def one(number: int) -> dict[str, Any]:
            inputs = served.serving.inputs | {"limit_bal": 10_000.0 + number}
            given = {"inputs": inputs, "entity_key": f"client-{number}", "segments": {"age": "30"}, "context": {"product": "card"}}
            marked = {"correlation_id": f"order-{number}"} if number % 2 else {}
            said = await http.post(f"/v1/groups/{group.slug}/predict", json=given | marked)
            assert said.status_code == 200, said.text
            return dict(said.json())

        answers = await asyncio.gather(*(one(number) for number in range(300)))
    told = [Outcome(actual=number % 2, **_target(number, answer)) for number, answer in enumerate(answers)]
    early, late = told[:100], told[100:]
    assert (await tell(hub, served, group, *early)).waiting == 100
    answered, copies = await rows_of(hub, served, group)
    assert (await tell(hub, served, group, *late)).applied == 200
    assert {str(key) for key in answered} == {answer["inference_id"] for answer in answers}
    assert len(copies) == 300
    rows = await logged(hub, served.tenant, group)
    for key in answered:
        answer, copy = rows[key], rows[shadow_id(key, served.serving.challenger.id)]
        same = ("entity_key", "context", "segments", "inputs", "phase", "bucket", "correlation_id", "requested_at", "caller", "actual", "actual_at")
        assert {name: copy[name] for name in same} == {name: answer[name] for name in same}
        assert (copy["status"], copy["propensity"], copy["version"], copy["inference_id"].version) == ("ok", 1.0, "v1.3", 7)
        assert copy["output"]["shadow_of"] == str(key)
        explained = copy["explanation"]
        assert explained["base"] + sum(explained["values"].values()) == pytest.approx(copy["output"]["margin"], abs=1e-6)
        assert copy["actual"] is not None


def _target(number: int, answer: dict[str, Any]) -> dict[str, Any]:
    return {"correlation_id": f"order-{number}"} if number % 2 else {"inference_id": UUID(answer["inference_id"])}


async def test_a_correction_reaches_the_copy_and_outcomes_wait_for_the_answer_not_for_its_copy(hub: Hub, served: Served) -> None:
    group = await shadowed(hub, served)
    (answer,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs, correlation_id="order-1"))
    await rows_of(hub, served, group)
    key, copy = answer.inference_id, shadow_id(answer.inference_id, served.serving.challenger.id)
    for target in ({"inference_id": key}, {"correlation_id": "order-1"}):
        await tell(hub, served, group, Outcome(actual=1, **target))
        await tell(hub, served, group, Outcome(actual=0, **target))
    rows: Rows = await logged(hub, served.tenant, group)
    assert [entry["actual"] for entry in rows[key]["actual_history"]] == [1, 0, 1]
    assert (rows[copy]["actual"], rows[copy]["actual_history"]) == (rows[key]["actual"], rows[key]["actual_history"])
    assert (await tell(hub, served, group, Outcome(actual=0, inference_id=key))).duplicate == 1


async def test_an_outcome_goes_on_waiting_for_an_answer_whose_copy_is_in_the_log_before_it(hub: Hub, served: Served) -> None:
    group = await shadowed(hub, served)
    (answer,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs, correlation_id="order-2"))
    await settled(hub)
    stream = f"tiltyard:{group.id}:log"
    first = (await hub.redis.xrange(stream))[0]
    await hub.redis.xdel(stream, first[0])
    early = [Outcome(actual=1, inference_id=answer.inference_id), Outcome(actual=1, correlation_id="order-2")]
    assert (await tell(hub, served, group, *early)).waiting == 2
    await drain(hub, group)
    (copy,) = (await logged(hub, served.tenant, group)).values()
    assert (copy["role"], copy["actual"]) == ("shadow", 1)
    assert [(await tell(hub, served, group, one)).duplicate for one in early] == [1, 1]
    assert (await tell(hub, served, group, Outcome(actual=0, inference_id=answer.inference_id))).waiting == 1
    await hub.redis.xadd(stream, first[1])
    await drain(hub, group)
    assert {row["actual"] for row in (await logged(hub, served.tenant, group)).values()} == {0}
    async with hub.work(served.tenant.admin, read_only=True) as work:
        left = text("SELECT count(*) FROM outcomes WHERE group_id = :g AND applied_at IS NULL")
        assert (await work.session.execute(left, {"g": group.id})).scalar_one() == 0


async def test_answers_are_the_same_with_and_without_a_shadow_even_one_that_fails(hub: Hub, served: Served) -> None:
    brittle = await brittle_version(hub, served)
    batch = [served.serving.inputs | {"pay_1": REFUSED if number % 3 == 0 else float(number)} for number in range(30)]
    said: list[list[dict[str, Any]]] = []
    for group in (await served.group(hub, challenger_share=0), await shadowed(hub, served), failing := await shadowed(hub, served, brittle.id)):
        answers = await ask(hub, served.tenant, group, PredictBody(inputs=batch, entity_key="a", explain=True))
        for inputs in batch:
            answers += await ask(hub, served.tenant, group, PredictBody(inputs=inputs, entity_key="a"))
        said.append([_said(answer) for answer in answers])
    assert said[0] == said[1] == said[2]
    answered, copies = await rows_of(hub, served, failing)
    assert all(row["status"] == "ok" for row in answered.values())
    assert Counter(row["status"] for row in copies.values()) == {"failed": 30 + 10, "ok": 20}  # a batch fails whole, a request alone
    for row in copies.values():
        assert answered[UUID(row["output"]["shadow_of"])]["inputs"] == row["inputs"]
        if row["status"] == "failed":
            assert row["score"] is None
            assert "onnxruntime" in row["error"]
    counted = await traffic(hub, served, failing)
    assert (counted.total, counted.shadows.scored, counted.shadows.failed) == (60, 20, 40)


def _said(answer: Prediction) -> dict[str, Any]:
    whole = msgspec.to_builtins(answer)
    return {name: value for name, value in whole.items() if name not in ("inference_id", "latency_us")}


async def test_copies_without_the_shadows_features_leave_no_row_and_are_counted(hub: Hub, served: Served) -> None:
    group = await shadowed(hub, served)
    narrow = {name: value for name, value in served.serving.inputs.items() if name != "pay_amt1"}
    await ask(hub, served.tenant, group, PredictBody(inputs=[narrow, served.serving.inputs, narrow]))
    answered, copies = await rows_of(hub, served, group)
    assert (len(answered), len(copies)) == (3, 1)
    counted = await traffic(hub, served, group)
    assert (counted.total, counted.shadows.scored, counted.shadows.incomplete, counted.shadows.dropped) == (3, 1, 2, 0)
    assert sum(sum(minute.counts.values()) for minute in counted.minutes) == 3


async def test_too_many_copies_are_dropped_and_counted_and_every_answer_is_given(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MOST_WAITING", 50)
    group = await shadowed(hub, served)
    asked = [ask(hub, served.tenant, group, PredictBody(inputs=[served.serving.inputs] * 10)) for _ in range(40)]
    assert sum(len(answers) for answers in await asyncio.gather(*asked)) == 400
    answered, copies = await rows_of(hub, served, group)
    counted = await traffic(hub, served, group)
    assert len(answered) == 400
    assert 50 <= len(copies) < 400
    assert counted.shadows.dropped == 400 - len(copies)


async def test_the_comparison_shows_a_shadow_with_its_figures_and_leaves_it_out_of_shares_ratio_and_verdict(hub: Hub, served: Served) -> None:
    group = await shadowed(hub, served)
    batch = [served.serving.inputs | {"pay_1": float(number % 6)} for number in range(400)]
    answers = await ask(hub, served.tenant, group, PredictBody(inputs=batch))
    await rows_of(hub, served, group)
    await tell(hub, served, group, *[Outcome(inference_id=one.inference_id, actual=number % 2) for number, one in enumerate(answers)])
    shown = await compare(hub, served, group)
    champion, shadow = shown.contenders
    assert (champion.n, champion.n_labelled, champion.observed_share) == (400, 400, 1.0)
    assert (shadow.role, shadow.n, shadow.n_labelled, shadow.observed_share) == (MemberRole.SHADOW, 400, 400, 0.0)
    assert shadow.positive_rate == champion.positive_rate
    assert shadow.brier.value is not None
    assert shadow.latency is not None
    assert shown.leader is None
    assert shown.verdict == "There is no challenger to compare with."
    assert (await traffic(hub, served, group)).labelled == 400


async def test_a_shadow_can_be_promoted_and_then_answers(hub: Hub, served: Served) -> None:
    group = await shadowed(hub, served)
    await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    await rows_of(hub, served, group)
    shown = await compare(hub, served, group)
    wanted = Promote(slug=group.slug, version_id=served.serving.challenger.id, evidence_id=shown.evidence_id)
    async with hub.work(served.tenant.admin) as work:
        promoted = await promoting.promote(work, wanted)
    assert [(member.label, member.role, member.share) for member in promoted.group.phase.members] == [("v1.3", MemberRole.CHAMPION, 10_000)]
    (answer,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    assert (answer.version, answer.role, answer.phase) == ("v1.3", "champion", 2)
    answered, copies = await rows_of(hub, served, group)
    assert (len(answered), len(copies)) == (2, 1)


async def test_a_copy_belongs_to_the_phase_of_its_answer_though_the_split_has_changed_meanwhile(hub: Hub, served: Served) -> None:
    group = await shadowed(hub, served)
    await ask(hub, served.tenant, group, PredictBody(inputs=[served.serving.inputs] * 200))
    async with hub.work(served.tenant.admin) as work:
        await groups.set_split(work, SetSplit(slug=group.slug, phase=1, members=specs(served, None)))
    _, copies = await rows_of(hub, served, group)
    assert [row["phase"] for row in copies.values()] == [1] * 200


async def test_forty_predictions_by_procedure_at_once_without_redis_are_all_on_record_and_so_are_their_copies(
    hub: Hub, served: Served, settings: Settings
) -> None:
    group = await shadowed(hub, served)
    without_redis = msgspec.structs.replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    async with client_of(without_redis, served.tenant.token) as client:
        given = {"slug": group.slug, "inputs": served.serving.inputs}
        started = time.monotonic()
        said = await asyncio.gather(*(client.post("/rpc/inference.predict", json=given) for _ in range(40)))
        took = time.monotonic() - started
        assert [answer.status_code for answer in said] == [200] * 40
        ids = {UUID(result(answer)["predictions"][0]["inference_id"]) for answer in said}
        assert len(ids & set(await logged(hub, served.tenant, group))) == len(ids) == 40
    assert took < 15
    rows = await logged(hub, served.tenant, group)
    assert set(rows) == ids | {shadow_id(one, served.serving.challenger.id) for one in ids}


async def test_one_copy_is_shown_with_what_it_is_the_copy_of(hub: Hub, served: Served) -> None:
    group = await shadowed(hub, served)
    async with open_hub(hub.settings) as process:
        (answer,) = await ask(process, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    await drain(hub, group)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        reference = InferenceRef(slug=group.slug, inference_id=shadow_id(answer.inference_id, served.serving.challenger.id))
        shown = await browse.get(work, reference)
    assert isinstance(shown.output, dict)
    assert (shown.role, shown.output["shadow_of"]) == ("shadow", str(answer.inference_id))
