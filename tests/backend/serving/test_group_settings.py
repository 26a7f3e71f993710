"""Settings of a group that each of its answers goes by."""

import msgspec
import pytest

from backend.groups import service as groups
from backend.hub import Hub
from backend.serving.errors import UnknownFeatures
from backend.serving.traffic import traffic as read_traffic
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group, GroupRef
from schemas.inference import IgnoredInput, PredictBody
from tests.support.predictions import ask, drain
from tests.support.served import Served


async def configure(hub: Hub, served: Served, group: Group, **settings: object) -> None:
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(**settings)))  # type: ignore[arg-type]


async def test_the_label_is_positive_on_the_side_of_the_threshold_that_the_group_says(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0, threshold=0.0)
    body = PredictBody(inputs=served.serving.inputs)
    (high,) = await ask(hub, served.tenant, group, body)
    await configure(hub, served, group, positive_scores="lower")
    (low,) = await ask(hub, served.tenant, group, body)
    assert high.score == low.score
    assert high.score is not None
    assert high.score > 0.0
    assert high.label != low.label


async def test_an_input_that_no_version_takes_is_refused_or_ignored_as_the_group_says(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    body = PredictBody(inputs={**served.serving.inputs, "feature_of_tomorrow": 1.0})
    with pytest.raises(UnknownFeatures) as refused:
        await ask(hub, served.tenant, group, body)
    assert refused.value.issues[0].pointer == "/inputs/feature_of_tomorrow"
    await configure(hub, served, group, unknown_inputs="ignore")
    (plain,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    (more,) = await ask(hub, served.tenant, group, body)
    assert more.score == plain.score
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert (await read_traffic(work, GroupRef(slug=group.slug))).ignored == []
    await drain(hub, group)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert (await read_traffic(work, GroupRef(slug=group.slug))).ignored == [IgnoredInput(name="feature_of_tomorrow", requests=1)]


async def test_an_identifier_among_the_inputs_is_told_where_it_belongs(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    with pytest.raises(UnknownFeatures) as refused:
        await ask(hub, served.tenant, group, PredictBody(inputs={**served.serving.inputs, "applicant_id": 7.0}))
    assert "`entity_key`" in refused.value.issues[0].message


async def test_a_batch_of_a_thousand_wide_rows_fits_in_one_request(hub: Hub) -> None:
    row = {f"feature_number_{number:03}": 12345.678901 + number for number in range(400)}
    assert len(msgspec.json.encode({"inputs": [row] * 1000})) < hub.settings.max_predict_bytes
