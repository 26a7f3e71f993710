"""The uploader's statement about an artifact. The document's `extensions.artifact` stores it, before and after the artifact is uploaded."""

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
    """Return the document's statement about its artifact; an empty statement without one. Raises StatementUnfit."""
    try:
        return msgspec.convert(document.extensions.get("artifact") or {}, ArtifactStatement)
    except msgspec.ValidationError as error:
        raise StatementUnfit(issues=[Issue(pointer=ARTIFACT_AT, message=str(error)[:300])]) from error


async def state_artifact(work: UnitOfWork, input: StateArtifact) -> Version:
    """Store the statement of a draft version, in place of the earlier one. Raises VersionNotFound, ArtifactPresent."""
    row, model = await find_version(work, input.version_id, lock=True)
    if row.artifact is not None:
        raise ArtifactPresent
    stated = msgspec.to_builtins(input.artifact)
    row.document = {**row.document, "extensions": {**row.document.get("extensions", {}), "artifact": stated}}
    await work.session.flush()
    work.audit(actions.MODELS_STATE_ARTIFACT, f"model:{model.slug}:{row.version}", after={"artifact": plain(input.artifact)})
    return version_of(row, model, ())
