"""What the uploader states of an artifact beside its bytes: kept in the document's `extensions.artifact` until the artifact comes, and with it for good."""

import msgspec

from backend.catalog import actions
from backend.catalog.errors import ArtifactPresent, StatementUnfit
from backend.catalog.service import find_version, version_of
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import ArtifactStatement, StateArtifact, Version
from schemas.common import Issue
from schemas.model_document import ModelDocument

ARTIFACT_AT = "/extensions/artifact"


def statement_of(document: ModelDocument) -> ArtifactStatement:
    """What the document states of its artifact; nothing, where it states nothing. Raises StatementUnfit."""
    try:
        return msgspec.convert(document.extensions.get("artifact") or {}, ArtifactStatement)
    except msgspec.ValidationError as error:
        raise StatementUnfit(issues=[Issue(pointer=ARTIFACT_AT, message=str(error)[:300])]) from error


async def state_artifact(work: UnitOfWork, input: StateArtifact) -> Version:
    """State it of a draft version, in place of what was stated before. Raises VersionNotFound, ArtifactPresent."""
    row, model = await find_version(work, input.version_id, lock=True)
    if row.artifact is not None:
        raise ArtifactPresent
    stated = msgspec.to_builtins(input.artifact)
    row.document = {**row.document, "extensions": {**row.document.get("extensions", {}), "artifact": stated}}
    await work.session.flush()
    work.audit(actions.MODELS_STATE_ARTIFACT, f"model:{model.slug}:{row.version}", after={"artifact": plain(input.artifact)})
    return version_of(row, model, ())
