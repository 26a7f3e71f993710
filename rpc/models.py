"""Models and their versions, and how a version's document is brought in. Artifacts are uploaded beside: `POST /v1/versions/{version_id}/artifact`."""

from backend.access.permissions import P
from backend.catalog import external, service
from backend.catalog.errors import ExternalUnfit, FeaturesDisagree, ModelNotFound, SlugTaken, VersionNotFound, VersionServing, VersionTaken
from backend.connectors.errors import ConnectorDisabled, ConnectorNotFound
from backend.importing import commit
from backend.importing import service as importing
from backend.importing.errors import (
    DraftNotFound,
    EmptyFile,
    FileTooLarge,
    ForeignFile,
    MappingTooCostly,
    NoSource,
    PickleFile,
    StillOpen,
    TableFile,
    TooDeep,
    TooManyLeaves,
    UnknownModel,
    UnreadableFile,
    UnsoundDecision,
    UnsoundDocument,
    UnsoundMapping,
)
from rpc.core import FormData, Router
from rpc.host import Call
from schemas.catalog import CreateModel, CreateVersion, ListModels, Model, ModelRef, Version, VersionRef
from schemas.common import Page
from schemas.external import CreateExternalVersion
from schemas.importing import CommitImport, DiscardedDraft, DraftRef, ImportDraft, ImportRecord, ProposeImport, Reimport, ReviseImport

UNREADABLE = (EmptyFile, FileTooLarge, ForeignFile, PickleFile, TableFile, TooDeep, TooManyLeaves, UnreadableFile)
"""What a file may be that is no model's metadata."""
MISUNDERSTOOD = (MappingTooCostly, UnknownModel, UnsoundDecision, UnsoundDocument, UnsoundMapping)
"""What may be wrong with how a file is understood."""

models = Router("models")


@models.query(permission=P.CATALOG_MODEL_READ)
async def list_(ctx: Call, input: ListModels) -> Page[Model]:
    """Models by slug, with their latest version and where they serve."""
    return await service.list_models(ctx.work, input)


@models.query(permission=P.CATALOG_MODEL_READ, errors=(ModelNotFound,))
async def get(ctx: Call, input: ModelRef) -> Model:
    """One model."""
    return await service.get_model(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(SlugTaken,))
async def create(ctx: Call, input: CreateModel) -> Model:
    """A new model, without a version yet."""
    return await service.create_model(ctx.work, input)


@models.query(permission=P.CATALOG_MODEL_READ, errors=(ModelNotFound,))
async def versions(ctx: Call, input: ModelRef) -> list[Version]:
    """A model's versions, the highest number first."""
    return await service.list_versions(ctx.work, input)


@models.query(permission=P.CATALOG_MODEL_READ, errors=(VersionNotFound,))
async def version(ctx: Call, input: VersionRef) -> Version:
    """One version with its whole document."""
    return await service.get_version(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(ModelNotFound, VersionTaken))
async def create_version(ctx: Call, input: CreateVersion) -> Version:
    """A draft version from a model document; upload its artifact to make it ready."""
    return await service.create_version(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(ModelNotFound, VersionTaken, ExternalUnfit, FeaturesDisagree, ConnectorNotFound, ConnectorDisabled))
async def create_external_version(ctx: Call, input: CreateExternalVersion) -> Version:
    """A version that is a language model behind a connector, ready at once. Needs `connector:connector:use` too."""
    return await external.create_external_version(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(VersionNotFound, VersionServing))
async def archive_version(ctx: Call, input: VersionRef) -> Version:
    """Take a version out of use. It is kept for good."""
    return await service.archive_version(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(ConnectorNotFound, *UNREADABLE, *MISUNDERSTOOD), audited=False, transaction=False)
async def propose_import(ctx: Call, input: ProposeImport | FormData) -> ImportDraft:
    """Understand a model's file, whatever its shape, and show how: nothing but the draft is stored. Takes JSON, or a form with the file itself."""
    return await importing.propose(ctx.hub, ctx.actor, input)  # type: ignore[arg-type]  # a form arrives as the shape


@models.query(permission=P.CATALOG_MODEL_READ, errors=(DraftNotFound, *MISUNDERSTOOD))
async def import_draft(ctx: Call, input: DraftRef) -> ImportDraft:
    """A draft as it is understood now."""
    return await importing.get(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(ConnectorNotFound, DraftNotFound, *MISUNDERSTOOD), audited=False, transaction=False)
async def revise_import(ctx: Call, input: ReviseImport) -> ImportDraft:
    """Correct a draft: its mapping, which of several models is meant, what holds of a contradiction; or ask a language model for what is open."""
    return await importing.revise(ctx.hub, ctx.actor, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(DraftNotFound, ModelNotFound, SlugTaken, StillOpen, VersionTaken, *MISUNDERSTOOD))
async def commit_import(ctx: Call, input: CommitImport) -> Version:
    """Keep a draft as a draft version: its document, where each value came from, and its source. Upload its artifact to make it ready."""
    return await commit.commit(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(DraftNotFound,))
async def discard_import(ctx: Call, input: DraftRef) -> DiscardedDraft:
    """Forget a draft and its bytes."""
    return await importing.discard(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(ConnectorNotFound, NoSource, VersionNotFound, *MISUNDERSTOOD), audited=False, transaction=False)
async def reimport(ctx: Call, input: Reimport) -> ImportDraft:
    """Read a version's stored source again, by another mapping or as this release reads it: a new draft, to be committed as another version."""
    return await importing.reimport(ctx.hub, ctx.actor, input)


@models.query(permission=P.CATALOG_MODEL_READ, errors=(NoSource, VersionNotFound))
async def import_record(ctx: Call, input: VersionRef) -> ImportRecord:
    """What a version's document came from: the file, the mapping, and for each value its place in the file and what stands there."""
    return await importing.record(ctx.work, input)
