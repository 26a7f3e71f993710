"""Versions that call a language model through a connector: checked, stored, and ready at once."""

import asyncio

import msgspec

from backend.access.permissions import P
from backend.catalog import actions
from backend.catalog.artifact_files import keep_bytes
from backend.catalog.errors import ExternalUnfit, FeaturesDisagree
from backend.catalog.external_rules import features_of, problems
from backend.catalog.rules import completed, disagreements
from backend.catalog.service import create_version, find_version, version_of
from backend.connectors import service as connectors
from backend.errors import Forbidden
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import Artifact, ArtifactKind, CreateVersion, Version, VersionState
from schemas.external import CreateExternalVersion


async def create_external_version(work: UnitOfWork, input: CreateExternalVersion) -> Version:
    """Create a version that answers through a connector.

    Raises ExternalUnfit, FeaturesDisagree, ModelNotFound, VersionTaken, ConnectorNotFound, ConnectorDisabled, Forbidden.
    """
    if not work.actor.may(P.CONNECTOR_CONNECTOR_USE):
        raise Forbidden(f"A version behind a connector needs the permission `{P.CONNECTOR_CONNECTOR_USE}`.", permission=P.CONNECTOR_CONNECTOR_USE)
    if issues := problems(input.external):
        raise ExternalUnfit(issues=issues)
    features = features_of(input.external.prompt)
    if issues := disagreements(input.document, features):
        raise FeaturesDisagree(issues=issues)
    draft = await create_version(work, CreateVersion(model=input.model, version=input.version, document=input.document))
    await connectors.hold(work, input.external.connector_id, f"version:{draft.id}")
    content = msgspec.json.encode(input.external, order="sorted")
    digest = await asyncio.to_thread(keep_bytes, work.hub.files, content)
    row, model = await find_version(work, draft.id, lock=True)
    artifact = Artifact(kind=ArtifactKind.EXTERNAL, sha256=digest, size_bytes=len(content), features=features, outputs=1, uploaded_at=work.now)
    row.artifact = plain(artifact)
    row.document = plain(completed(draft.document, features, ArtifactKind.EXTERNAL))
    row.state = VersionState.READY
    await work.session.flush()
    work.audit(
        actions.MODELS_CREATE_EXTERNAL_VERSION, f"model:{model.slug}:{row.version}", after={"artifact": plain(artifact), "external": plain(input.external)}
    )
    return version_of(row, model, ())
