"""The import into the hub: proposed, corrected, committed, remembered, read again."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.actor import ANONYMOUS
from backend.hub import Hub
from backend.importing import service
from backend.importing.errors import DraftNotFound, NoSource, StillOpen, UnknownModel, UnsoundMapping
from rpc.core.forms import File, FormData
from schemas.access import Role
from tests.support.procedures import do
from tests.support.tenants import Tenant

LABELLED = Path(__file__).parent / "fixtures/labelled"
DOC14 = (LABELLED / "doc14.json").read_text()


async def propose(hub: Hub, tenant: Tenant, text: str, **more: Any) -> Any:
    return await do(hub, tenant.admin, "imports.propose", {"name": "doc.json", "text": text, **more})


async def commit(hub: Hub, tenant: Tenant, draft: Any, **more: Any) -> Any:
    return await do(hub, tenant.admin, "imports.commit", {"draft_id": draft["draft_id"], **more})


async def test_a_file_is_shown_value_by_value_and_becomes_a_version_that_knows_where_each_came_from(hub: Hub, tenant: Tenant) -> None:
    draft = await propose(hub, tenant, DOC14)
    assert (draft["mapped_by"], draft["open"], draft["duplicate_of"], draft["model"]) == ("matcher", [], [], None)
    assert draft["provenance"]["/metrics/4/value"] == {"pointer": "/metrics_test/roc_auc", "value": 0.8428, "transform": None}
    assert await do(hub, tenant.admin, "models.list", {}) == {"items": [], "next_cursor": None}, "nothing but the draft is stored"
    version = await commit(hub, tenant, draft)
    document = version["document"]
    assert (version["label"], version["state"], document["name"]) == ("v1.0", "draft", "doc")
    assert document["provenance"]["/metrics/4/value"] == "/metrics_test/roc_auc"
    assert document["lineage"]["source_sha256"] == draft["sha256"]
    record = await do(hub, tenant.admin, "imports.record", {"version_id": version["id"]})
    assert record["mapping_id"] == document["lineage"]["mapping_id"]
    assert record["provenance"] == draft["provenance"]
    with pytest.raises(DraftNotFound):
        await commit(hub, tenant, draft)


async def test_the_second_file_of_a_shape_is_read_by_the_remembered_mapping_until_it_is_revoked(hub: Hub, tenant: Tenant) -> None:
    await commit(hub, tenant, await propose(hub, tenant, DOC14))
    tree = json.loads(DOC14)
    tree["metrics_test"]["roc_auc"] = 0.9001
    second = await propose(hub, tenant, json.dumps(tree))
    assert second["mapped_by"] == "memory"
    assert second["remembered"]["times_used"] == 1
    assert second["document"]["metrics"][4]["value"] == 0.9001
    (mapping,) = await do(hub, tenant.admin, "mappings.list", {})
    revoked = await do(hub, tenant.admin, "mappings.revoke", {"mapping_id": mapping["mapping_id"]})
    assert revoked["revoked_by"] == tenant.admin.name
    assert await do(hub, tenant.admin, "mappings.list", {}) == []
    assert len(await do(hub, tenant.admin, "mappings.list", {"revoked": True})) == 1
    assert (await propose(hub, tenant, DOC14))["mapped_by"] == "matcher"


async def test_memory_is_each_tenants_own(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    draft = await propose(hub, tenant, DOC14)
    await commit(hub, tenant, draft)
    theirs = await propose(hub, other_tenant, DOC14)
    assert (theirs["mapped_by"], theirs["duplicate_of"]) == ("matcher", [])
    again = await propose(hub, tenant, DOC14)
    with pytest.raises(DraftNotFound):
        await do(hub, other_tenant.admin, "imports.draft", {"draft_id": again["draft_id"]})


async def test_the_same_bytes_again_are_recognised(hub: Hub, tenant: Tenant) -> None:
    version = await commit(hub, tenant, await propose(hub, tenant, DOC14))
    again = await propose(hub, tenant, DOC14)
    assert [(one["version_id"], one["label"]) for one in again["duplicate_of"]] == [(version["id"], "v1.0")]
    assert (again["model"], again["version"]) == ("doc", "1.1.0"), "another version of the same model is suggested"
    assert (await commit(hub, tenant, again))["label"] == "v1.1"


async def test_several_models_are_asked_about_and_never_blended(hub: Hub, tenant: Tenant) -> None:
    draft = await propose(hub, tenant, (LABELLED / "doc10.json").read_text())
    assert draft["several_models"] == ["xgboost", "logistic_regression"]
    with pytest.raises(StillOpen) as still:
        await commit(hub, tenant, draft)
    assert still.value.issues[0].pointer == "/pick"
    with pytest.raises(UnknownModel):
        await do(hub, tenant.admin, "imports.revise", {"draft_id": draft["draft_id"], "pick": "svm"})
    picked = await do(hub, tenant.admin, "imports.revise", {"draft_id": draft["draft_id"], "pick": "xgboost"})
    assert (picked["picked"], picked["document"]["name"], picked["open"]) == ("xgboost", "XGBoost", [])
    await commit(hub, tenant, picked)
    assert await do(hub, tenant.admin, "mappings.list", {}) == [], "which model was meant is this file's own"


CROOKED = json.dumps({"model_name": "m", "metrics": {"accuracy": 97.3, "precision": 0.4, "recall": 0.8}, "auc": 0.8, "gini": 0.2, "f1": 0.5333})


async def test_a_percentage_and_a_contradiction_are_decided_by_a_person_and_kept_as_decided(hub: Hub, tenant: Tenant) -> None:
    draft = await propose(hub, tenant, CROOKED)
    said = {one["target"]: one for one in draft["contradictions"]}
    assert [claim["pointer"] for claim in said["/metrics/0/value"]["claims"]] == ["/metrics/accuracy"]
    with pytest.raises(StillOpen):
        await commit(hub, tenant, draft)
    decisions = [{"source": "/metrics/accuracy", "choice": "percent"}, {"source": "/gini", "choice": "leave_out"}]
    revised = await do(hub, tenant.admin, "imports.revise", {"draft_id": draft["draft_id"], "decisions": decisions})
    assert revised["document"]["metrics"][0]["value"] == 0.973
    assert revised["provenance"]["/metrics/0/value"] == {"pointer": "/metrics/accuracy", "value": 97.3, "transform": "percent"}
    assert "/gini" in [leaf["pointer"] for leaf in revised["unmapped"]]
    assert revised["open"] == []
    version = await commit(hub, tenant, revised)
    assert version["document"]["transforms"]["/metrics/0/value"] == "percent"
    assert "gini" not in [one["name"] for one in version["document"]["metrics"]]


SWAPPED = {"model_name": "m", "confusion_matrix": [[50, 10], [5, 35]], "metrics": {"accuracy": 0.85, "precision": 0.875, "recall": 0.7778}}


async def test_swapped_precision_and_recall_are_seen_and_swapped_back(hub: Hub, tenant: Tenant) -> None:
    draft = await propose(hub, tenant, json.dumps(SWAPPED))
    assert "Precision and recall look swapped" in draft["contradictions"][0]["message"]
    swap = [
        {"source": "/metrics/precision", "choice": "take", "other": "/metrics/recall"},
        {"source": "/metrics/recall", "choice": "take", "other": "/metrics/precision"},
    ]
    version = await commit(hub, tenant, draft, decisions=swap)
    figures = {one["name"]: one["value"] for one in version["document"]["metrics"]}
    assert (figures["precision"], figures["recall"]) == (0.7778, 0.875)


async def test_a_contradiction_may_be_kept_knowingly(hub: Hub, tenant: Tenant) -> None:
    draft = await propose(hub, tenant, json.dumps({"model_name": "m", "auc": 0.8, "gini": 0.2}))
    version = await commit(hub, tenant, draft, decisions=[{"source": "/gini", "choice": "keep"}])
    record = await do(hub, tenant.admin, "imports.record", {"version_id": version["id"]})
    assert [(one["settled"], one["target"]) for one in record["contradictions"]] == [(True, "/metrics/1/value")]


async def test_a_persons_mapping_is_applied_remembered_and_refused_with_a_pointer_where_it_is_wrong(hub: Hub, tenant: Tenant) -> None:
    draft = await propose(hub, tenant, json.dumps({"model_name": "m", "auc": 0.8, "goodness": {"of fit": 0.7}}))
    extra = {"kind": "rows", "source": "/goodness/of fit", "target": "/metrics/*", "parts": [{"target": "value"}, {"target": "name", "const": "r2"}]}
    mapping = [*draft["mapping"], extra]
    wrong = [*draft["mapping"], {**extra, "parts": [{"target": "value"}, {"target": "name", "const": "0.99"}]}]
    with pytest.raises(UnsoundMapping) as refused:
        await do(hub, tenant.admin, "imports.revise", {"draft_id": draft["draft_id"], "mapping": wrong})
    assert refused.value.issues[0].pointer == f"/mapping/{len(wrong) - 1}/parts/1/const"
    revised = await do(hub, tenant.admin, "imports.revise", {"draft_id": draft["draft_id"], "mapping": mapping})
    assert (revised["mapped_by"], revised["unmapped"]) == ("person", [])
    await commit(hub, tenant, revised)
    second = await propose(hub, tenant, json.dumps({"model_name": "m", "auc": 0.9, "goodness": {"of fit": 0.6}}))
    assert second["mapped_by"] == "memory"
    assert {one["name"]: one["value"] for one in second["document"]["metrics"]} == {"roc_auc": 0.9, "r2": 0.6}


async def test_a_versions_stored_source_is_read_again_by_another_mapping(hub: Hub, tenant: Tenant) -> None:
    version = await commit(hub, tenant, await propose(hub, tenant, json.dumps({"model_name": "m", "auc": 0.8, "note": "by hand"})))
    mapping = [{"kind": "scalar", "source": "/note", "target": "/description"}]
    draft = await do(hub, tenant.admin, "imports.reimport", {"version_id": version["id"], "mapping": mapping})
    assert (draft["reimport_of"], draft["document"]["description"], draft["model"]) == (version["id"], "by hand", "m")
    again = await commit(hub, tenant, draft, remember=False)
    assert (again["label"], again["document"]["metrics"]) == ("v1.1", [])
    plain = await do(hub, tenant.admin, "models.createVersion", {"model": "m", "version": "3.0", "document": {"name": "m"}})
    with pytest.raises(NoSource):
        await do(hub, tenant.admin, "imports.reimport", {"version_id": plain["id"]})


async def test_a_file_comes_as_a_form_too_with_its_own_name(hub: Hub, tenant: Tenant) -> None:
    form = FormData(fields={"pick": "", "use_memory": "true"}, files={"file": File("churn.json", "application/json", DOC14.encode())})
    draft = await do(hub, tenant.admin, "imports.propose", raw=form)
    assert (draft["file_name"], draft["document"]["name"]) == ("churn.json", "churn")


async def test_a_draft_expires_and_the_oldest_of_many_go(hub: Hub, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.importing.drafts.MOST_DRAFTS", 2)
    drafts = [await propose(hub, tenant, json.dumps({"model_name": f"m{at}", "auc": 0.8})) for at in range(3)]
    with pytest.raises(DraftNotFound):
        await do(hub, tenant.admin, "imports.draft", {"draft_id": drafts[0]["draft_id"]})
    gone = await do(hub, tenant.admin, "imports.discard", {"draft_id": drafts[1]["draft_id"]})
    assert gone == {"draft_id": drafts[1]["draft_id"]}
    with pytest.raises(DraftNotFound):
        await do(hub, tenant.admin, "imports.discard", {"draft_id": drafts[1]["draft_id"]})


async def test_expired_drafts_of_every_tenant_are_pruned(hub: Hub, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.importing.drafts.DRAFT_LIFETIME", timedelta(seconds=-1))
    draft = await propose(hub, tenant, DOC14)
    with pytest.raises(DraftNotFound):
        await do(hub, tenant.admin, "imports.draft", {"draft_id": draft["draft_id"]})
    async with hub.work(ANONYMOUS) as work:
        assert await service.prune(work) >= 1
    async with hub.work(ANONYMOUS) as work:
        assert await service.prune(work) == 0


async def test_everything_is_in_the_audit_trail(hub: Hub, tenant: Tenant) -> None:
    draft = await propose(hub, tenant, DOC14)
    await do(hub, tenant.admin, "imports.revise", {"draft_id": draft["draft_id"], "decisions": []})
    await commit(hub, tenant, draft)
    entries = (await do(hub, tenant.admin, "audit.list", {}))["items"]
    actions = [entry["action"] for entry in entries]
    for action in ("imports.propose", "imports.revise", "mappings.remember", "models.createVersion", "imports.commit"):
        assert action in actions
    told = next(entry for entry in entries if entry["action"] == "imports.propose")
    assert told["after"]["sha256"] == draft["sha256"]


async def test_who_may_only_read_sees_what_a_version_came_from_and_imports_nothing(hub: Hub, tenant: Tenant) -> None:
    version = await commit(hub, tenant, await propose(hub, tenant, DOC14))
    viewer = tenant.acting_as(Role.VIEWER)
    assert await do(hub, viewer, "imports.record", {"version_id": version["id"]})
