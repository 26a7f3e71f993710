"""Several models of one file, kept in one go."""

import json

import pytest

from backend.errors import HubError
from backend.hub import Hub
from tests.support.procedures import do
from tests.support.tenants import Tenant

FILE = {
    "dataset": {"name": "shop_2025", "rows": 9000},
    "features": ["age", "basket"],
    "framework": "scikit-learn",
    "task": "binary classification",
    "hyperparameters": {"cv": 5, "scoring": "roc_auc"},
    "models": {"Random Forest": {"roc_auc": 0.81}, "XGBoost": {"roc_auc": 0.84}, "SVM": {"roc_auc": "0,79"}},
}


async def draft(hub: Hub, tenant: Tenant, document: object = FILE) -> dict[str, object]:
    found: dict[str, object] = await do(hub, tenant.admin, "imports.propose", {"name": "results.json", "text": json.dumps(document)})
    return found


async def test_all_models_of_a_file_are_kept_in_one_go_each_with_the_shared_parts(hub: Hub, tenant: Tenant) -> None:
    made = await do(hub, tenant.admin, "imports.commitSeveral", {"draft_id": (await draft(hub, tenant))["draft_id"]})
    assert [one["model_name"] for one in made] == ["Random Forest", "XGBoost", "SVM"]
    for one, value in zip(made, (0.81, 0.84, 0.79), strict=True):
        version = await do(hub, tenant.admin, "models.version", {"version_id": one["id"]})
        assert [metric["value"] for metric in version["document"]["metrics"]] == [value]
        assert [feature["name"] for feature in version["document"]["features"]] == ["age", "basket"]
        assert version["document"]["training"]["dataset"]["rows"] == 9000
        assert version["document"]["training"]["hyperparameters"] == {"cv": 5, "scoring": "roc_auc"}
        assert version["document"]["algorithm"]["framework"] == "scikit-learn"
        assert version["document"]["task"]["type"] == "binary_classification"
        record = await do(hub, tenant.admin, "imports.record", {"version_id": one["id"]})
        assert record["picked"] == one["model_name"]


async def test_several_become_versions_of_one_model(hub: Hub, tenant: Tenant) -> None:
    model = await do(hub, tenant.admin, "models.create", {"name": "Shop", "slug": "shop"})
    asked = {"draft_id": (await draft(hub, tenant))["draft_id"], "picks": ["XGBoost", "SVM"], "model": model["slug"]}
    made = await do(hub, tenant.admin, "imports.commitSeveral", asked)
    assert [one["model_name"] for one in made] == ["Shop", "Shop"]
    assert len({one["version"] for one in made}) == 2


async def test_nothing_is_kept_where_one_is_undecided_unknown_or_the_only_one(hub: Hub, tenant: Tenant) -> None:
    models = {"Random Forest": {"rmse": 4.1}, "XGBoost": {"rmse": "1,912"}}
    open_draft = await draft(hub, tenant, {"models": models})
    with pytest.raises(HubError, match=r"XGBoost.*1,912"):
        await do(hub, tenant.admin, "imports.commitSeveral", {"draft_id": open_draft["draft_id"]})
    with pytest.raises(HubError, match="no model"):
        await do(hub, tenant.admin, "imports.commitSeveral", {"draft_id": open_draft["draft_id"], "picks": ["Random Forest", "GPT"]})
    assert (await do(hub, tenant.admin, "models.list", {}))["items"] == []
    decided = [{"source": "/models/XGBoost/rmse", "choice": "decimal"}]
    await do(hub, tenant.admin, "imports.revise", {"draft_id": open_draft["draft_id"], "decisions": decided})
    made = await do(hub, tenant.admin, "imports.commitSeveral", {"draft_id": open_draft["draft_id"]})
    assert len(made) == 2
    alone = await draft(hub, tenant, {"model_name": "m", "algorithm": "XGBoost", "auc": 0.8})
    with pytest.raises(HubError, match="one model"):
        await do(hub, tenant.admin, "imports.commitSeveral", {"draft_id": alone["draft_id"]})


async def test_decisions_are_remembered_with_the_shape_and_taken_only_where_the_same_question_arises(hub: Hub, tenant: Tenant) -> None:
    def file(value: object) -> dict[str, object]:
        return {"model_name": "Freight", "task": "regression", "metrics": {"mae": value, "r2": 0.9}}

    first = await draft(hub, tenant, file("1,912"))
    choice = next(one for one in first["contradictions"][0]["choices"] if one["label"] == "use 1.912")  # type: ignore[index]
    decided = await do(hub, tenant.admin, "imports.revise", {"draft_id": first["draft_id"], "decisions": choice["decisions"]})
    assert decided["open"] == []
    await do(hub, tenant.admin, "imports.commit", {"draft_id": first["draft_id"]})
    again = await draft(hub, tenant, file("2,455"))
    assert (again["mapped_by"], again["open"], again["document"]["metrics"][0]["value"]) == ("memory", [], 2.455)  # type: ignore[index]
    clear = await draft(hub, tenant, file("2.5"))
    assert (clear["decisions"], clear["document"]["metrics"][0]["value"]) == ([], 2.5)  # type: ignore[index]
