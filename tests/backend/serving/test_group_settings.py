"""Settings of a group that each of its answers goes by."""

import pytest

from backend.groups import service as groups
from backend.hub import Hub
from backend.serving.errors import UnknownFeatures
from schemas.groups import ConfigureGroup, Group, GroupSettings
from schemas.inference import PredictBody
from tests.support.predictions import ask
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
