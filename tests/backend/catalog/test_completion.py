"""An imported document and its artifact: the artifact completes it, and where they differ it is said."""

import json
from uuid import UUID, uuid4

import msgspec

from backend.catalog.rules import completed, differences
from backend.catalog.upload import admit
from backend.hub import Hub
from schemas.catalog import Version, VersionRef
from schemas.model_document import ModelDocument
from tests.support.credit import lightgbm_text
from tests.support.procedures import do
from tests.support.tenants import Tenant

INPUTS = ["limit_bal", "pay_1", "bill_amt1"]


async def imported(hub: Hub, tenant: Tenant, **said: object) -> Version:
    """A version imported from a file, with its artifact."""
    draft = await do(hub, tenant.admin, "imports.propose", {"text": json.dumps({"model_name": "m", "auc": 0.8, **said})})
    version = await do(hub, tenant.admin, "imports.commit", {"draft_id": draft["draft_id"]})
    quarantined = hub.data_dir / f"upload-{uuid4().hex}"
    quarantined.write_bytes(lightgbm_text())
    try:
        return await admit(hub, tenant.admin, VersionRef(version_id=UUID(version["id"])), quarantined)
    finally:
        quarantined.unlink(missing_ok=True)


async def test_features_in_another_order_take_the_artifacts_and_keep_their_sources(hub: Hub, tenant: Tenant) -> None:
    version = await imported(hub, tenant, feature_columns=["bill_amt1", "limit_bal", "pay_1"])
    document, artifact = version.document, version.artifact
    assert artifact is not None
    assert [feature.name for feature in document.features] == INPUTS
    assert [document.provenance[f"/features/{at}/name"] for at in range(3)] == ["/feature_columns/1", "/feature_columns/2", "/feature_columns/0"]
    assert [issue.pointer for issue in artifact.differences] == ["/features/0/name"]
    assert "input 1 is 'bill_amt1' in the document and 'limit_bal' in the artifact" in artifact.differences[0].message


async def test_a_document_without_features_gets_the_artifacts_which_then_are_its_source(hub: Hub, tenant: Tenant) -> None:
    version = await imported(hub, tenant)
    document = version.document
    assert [feature.name for feature in document.features] == INPUTS
    assert document.provenance["/features/2/name"] == "artifact:/features/2"
    assert document.task is not None
    assert (document.task.type, document.provenance["/task/type"]) == ("binary_classification", "artifact:/objective")
    assert document.provenance["/metrics/0/value"] == "/auc"
    assert version.artifact is not None
    assert version.artifact.differences == []


def test_another_format_task_or_number_of_classes_is_said() -> None:
    said = {"name": "m", "algorithm": {"artifact_format": "onnx"}, "task": {"type": "multiclass_classification", "classes": ["a", "b", "c"]}}
    document = msgspec.convert(said, ModelDocument)
    found = differences(document, ["x"], "xgboost", "multi:softprob", 4)
    assert [issue.pointer for issue in found] == ["/algorithm/artifact_format", "/task/classes"]
    assert [issue.pointer for issue in differences(document, ["x"], "onnx", "binary:logistic", 3)] == ["/task/type"]


def test_what_was_changed_in_notation_moves_with_its_feature() -> None:
    said = {"name": "m", "features": [{"name": "b"}, {"name": "t", "role": "target"}, {"name": "a"}], "transforms": {"/features/2/type": "const"},
            "provenance": {"/features/2/type": "/x", "/features/1/role": "/y", "/name": "/n"}}  # fmt: skip
    made = completed(msgspec.convert(said, ModelDocument), ["a", "b"], "onnx")
    assert made.transforms == {"/features/0/type": "const"}
    assert made.provenance == {"/features/0/type": "/x", "/features/2/role": "/y", "/name": "/n", "/algorithm/artifact_format": "artifact:/kind"}
