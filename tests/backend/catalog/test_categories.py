"""LightGBM models that know their categories by value: the scores are LightGBM's own on a DataFrame, whatever the document says."""

import json
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from backend.catalog.categories import assigned, code_of, codes_of
from backend.catalog.errors import CategoriesUnclear
from backend.groups import service as groups
from backend.hub import Hub
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.lightgbm_text import read_category_lists
from backend.runtimes.features import UnknownCategory, encode
from backend.runtimes.served_versions import Runtimes, ServedVersion, facts_of
from backend.serving.errors import InvalidFeatures
from schemas.catalog import Version
from schemas.group_settings import GroupSettings
from schemas.groups import CreateGroup, MemberRole, MemberSpec
from schemas.inference import PredictBody
from schemas.model_document import ModelDocument
from tests.backend.catalog.test_versions import new_version, upload
from tests.support.predictions import ask
from tests.support.tenants import Tenant

CASES = json.loads((Path(__file__).parent / "cases/lightgbm_pandas_categories.json").read_text())
DRAW = np.random.default_rng(3)
ROWS = 800
FRAME = pd.DataFrame({
    "debt": DRAW.normal(size=ROWS),
    "grade": pd.Categorical(DRAW.choice([10, 20, 40], ROWS), categories=[40, 10, 20, 80]),
    "region": pd.Categorical(DRAW.choice(["west", "east", "4"], ROWS)),
    "owner": pd.Categorical(DRAW.choice([True, False], ROWS)),
    "rate": pd.Categorical(DRAW.choice([0.5, 1.5, 2.0], ROWS)),
})  # fmt: skip
SETTINGS = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_per_group": 5, "cat_smooth": 1, "max_cat_to_onehot": 1}
LATE = (FRAME["debt"] + (FRAME["grade"].astype(float) == 10) + (FRAME["region"] == "west") + FRAME["owner"].astype(bool) + DRAW.normal(size=ROWS) > 1).astype(
    int
)


async def serve(hub: Hub, tenant: Tenant, content: bytes, number: str, document: dict[str, Any] | None = None) -> tuple[Version, ServedVersion]:
    draft = await new_version(hub, tenant, number, document or {"name": "Regions"}, slug="categories")
    ready = await upload(hub, tenant, draft, content)
    return ready, await Runtimes(hub.files).serve(facts_of(ready))


def scores(served: ServedVersion, inputs: list[dict[str, Any]]) -> list[float]:
    rows = [encode(served.specs, one, "/inputs") for one in inputs]
    assert not any(row.unfit or row.missing for row in rows)
    return list(served.runtime.predict(served.matrix([row.row for row in rows])).score)


@pytest.mark.parametrize("number", range(len(CASES["cases"])))
async def test_reported_files_are_scored_by_values_as_people_know_them(hub: Hub, tenant: Tenant, number: int) -> None:
    """Before, values were taken for codes: grade 4 was scored as grade 5, and regions by the document's order."""
    case = CASES["cases"][number]
    ready, served = await serve(hub, tenant, case["artifact"].encode(), f"1.{number}", case["document"])
    found = scores(served, [one["inputs"] for one in case["expected"]])
    assert found == pytest.approx([one["score"] for one in case["expected"]], abs=CASES["tolerance"])
    assert ready.artifact is not None
    assert bool(ready.artifact.differences) == (case["document"] is not None)


async def test_numbers_texts_and_truth_values_are_encoded_as_lightgbm_encodes_them(hub: Hub, tenant: Tenant) -> None:
    booster = lgb.train(SETTINGS, lgb.Dataset(FRAME, LATE), 12)
    ready, served = await serve(hub, tenant, booster.model_to_string().encode(), "2.0")
    assert ready.artifact is not None
    assert ready.artifact.categories == {"grade": [40, 10, 20, 80], "region": ["4", "east", "west"], "owner": [False, True], "rate": [0.5, 1.5, 2.0]}
    inputs = json.loads(FRAME.head(200).to_json(orient="records"))
    assert scores(served, inputs) == booster.predict(FRAME.head(200)).tolist()
    (described,) = [feature for feature in ready.document.features if feature.name == "owner"]
    assert (described.type, described.categories) == ("category", ["false", "true"])


async def test_a_value_that_is_no_category_is_refused_by_name(hub: Hub, tenant: Tenant) -> None:
    _, served = await serve(hub, tenant, lgb.train(SETTINGS, lgb.Dataset(FRAME, LATE), 3).model_to_string().encode(), "2.1")
    (issue,) = encode(served.specs, {"debt": 1.0, "grade": 30, "region": "west", "owner": True, "rate": 2}, "/inputs").unknown
    assert issue.pointer == "/inputs/grade"
    assert "one of 40, 10, 20, 80 is expected" in issue.message
    with pytest.raises(UnknownCategory):
        served.specs[2].number("north")


@pytest.mark.parametrize("setting", ["refuse", "missing"])
async def test_a_group_says_whether_an_unknown_category_is_refused_or_missing(hub: Hub, tenant: Tenant, setting: Any) -> None:
    booster = lgb.train(SETTINGS, lgb.Dataset(FRAME, LATE), 8)
    ready, _ = await serve(hub, tenant, booster.model_to_string().encode(), "3.0" if setting == "refuse" else "3.1")
    slug = f"categories_{setting}"
    async with hub.work(tenant.admin) as work:
        members = [MemberSpec(version_id=ready.id, role=MemberRole.CHAMPION, share=10_000)]
        group = await groups.create(work, CreateGroup(name=slug, slug=slug, members=members, settings=GroupSettings(unknown_categories=setting)))
    asked = PredictBody(inputs={"debt": 1.0, "grade": 30, "region": "north", "owner": True, "rate": 2}, explain=True)
    if setting == "refuse":
        with pytest.raises(InvalidFeatures) as refused:
            await ask(hub, tenant, group, asked)
        assert {issue.pointer for issue in refused.value.issues} == {"/inputs/grade", "/inputs/region"}
        return
    (answer,) = await ask(hub, tenant, group, asked)
    frame = FRAME.head(1).assign(
        debt=1.0, grade=pd.Categorical([30]), region=pd.Categorical(["north"]), owner=pd.Categorical([True]), rate=pd.Categorical([2.0])
    )
    assert answer.score == booster.predict(frame)[0]
    assert answer.explanation is not None
    assert answer.explanation.base + sum(answer.explanation.values.values()) == pytest.approx(booster.predict(frame, raw_score=True)[0], abs=1e-9)


async def test_an_ordered_category_is_known_by_the_documents_types_or_asked_for(hub: Hub, tenant: Tenant) -> None:
    """LightGBM splits an ordered category like a number, so that its file does not say which column the list is of."""
    frame = FRAME[["debt"]].assign(grade=pd.Categorical(FRAME["grade"].astype(int), categories=[10, 20, 40], ordered=True))
    booster = lgb.train(SETTINGS, lgb.Dataset(frame, LATE), 5)
    content = booster.model_to_string().encode()
    with pytest.raises(CategoriesUnclear):
        await serve(hub, tenant, content, "2.2")
    said = {"name": "Regions", "features": [{"name": "debt"}, {"name": "grade", "type": "category"}]}
    _, served = await serve(hub, tenant, content, "2.3", said)
    assert scores(served, json.loads(frame.head(50).to_json(orient="records"))) == booster.predict(frame.head(50)).tolist()


def test_a_text_is_a_number_where_the_categories_are_numbers_and_never_the_other_way_round() -> None:
    assert code_of(codes_of([1, 2, 4]), "4") == 2
    assert code_of(codes_of(["1", "2", "4"]), 4) is None
    assert code_of(codes_of([False, True]), "true") == 1
    assert code_of(codes_of(["4", 4]), 4) == 1


def test_lists_that_fit_no_columns_are_assigned_to_none() -> None:
    document = ModelDocument(name="m")
    assert assigned([[1, 2]], ["a", "b"], ["[0:1]", "1:0"], document) == {"b": [1, 2]}
    assert assigned([[1, 2]], ["a", "b"], ["[0:1]", "1:0:5"], document) is None
    assert assigned([[1, 2], [3]], ["a", "b"], ["[0:1]", "1:0"], document) is None


@pytest.mark.parametrize("said", ["[", "[1]", '{"a": 1}', "[[[1]]]", "[[null]]"])
def test_lists_that_lightgbm_does_not_write_are_refused(said: str) -> None:
    with pytest.raises(MalformedTrees, match="pandas_categorical"):
        read_category_lists(said)
