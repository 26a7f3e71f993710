"""Imports of a model's file: a draft is proposed, corrected, and committed as a version."""

from backend.access.permissions import P
from backend.catalog.errors import ModelNotFound, SlugTaken, VersionNotFound, VersionTaken
from backend.connectors.errors import ConnectorNotFound
from backend.importing import commit as committing
from backend.importing import service as importing
from backend.importing import sharing as shared
from backend.importing.errors import (
    DraftNotFound,
    EmptyFile,
    FileTooLarge,
    ForeignFile,
    MappingTooCostly,
    NoSource,
    NotSeveral,
    PickleFile,
    StillOpen,
    TableFile,
    TooCostly,
    TooDeep,
    TooManyLeaves,
    UnknownModel,
    UnreadableFile,
    UnsoundDecision,
    UnsoundDocument,
    UnsoundMapping,
)
from backend.importing.llm.example import shown_example as example_shown
from backend.reader_threads import ImportsBusy, turn
from rpc.core import FormData, Router
from rpc.host import Call
from schemas.catalog import Version, VersionRef
from schemas.import_sharing import ImportSharing, SetImportSharing, ShowExample, ShowImport, ShownExample, ShownImport
from schemas.importing import CommitImport, CommitSeveral, DiscardedDraft, DraftRef, ImportDraft, ImportRecord, ProposeImport, Reimport, ReviseImport

UNREADABLE = (EmptyFile, FileTooLarge, ForeignFile, PickleFile, TableFile, TooDeep, TooManyLeaves, UnreadableFile)
"""What a file may be that is no model's metadata."""
MISUNDERSTOOD = (MappingTooCostly, TooCostly, UnknownModel, UnsoundDecision, UnsoundDocument, UnsoundMapping)
"""What may be wrong with how a file is understood."""

imports = Router("imports")


@imports.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(ConnectorNotFound, ImportsBusy, *UNREADABLE, *MISUNDERSTOOD), audited=False, transaction=False)
async def propose(ctx: Call, input: ProposeImport | FormData) -> ImportDraft:
    """Read a model's file of any format and show the result; only the draft is stored. Takes JSON, or a form with the file itself."""
    async with turn(ctx.actor.tenant_id):
        return await importing.propose(ctx.hub, ctx.actor, input)  # type: ignore[arg-type]  # a form arrives as the shape


@imports.query(permission=P.CATALOG_MODEL_READ, errors=(DraftNotFound, ImportsBusy, *MISUNDERSTOOD), transaction=False)
async def draft(ctx: Call, input: DraftRef) -> ImportDraft:
    """Return a draft as it is understood now."""
    async with turn(ctx.actor.tenant_id):
        return await importing.get(ctx.hub, ctx.actor, input)


@imports.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(ConnectorNotFound, DraftNotFound, ImportsBusy, *MISUNDERSTOOD), audited=False, transaction=False)
async def revise(ctx: Call, input: ReviseImport) -> ImportDraft:
    """Correct a draft: its mapping, the choice of several models, the decision on a contradiction; or ask a language model about what is open."""
    async with turn(ctx.actor.tenant_id):
        return await importing.revise(ctx.hub, ctx.actor, input)


COMMIT = (DraftNotFound, ImportsBusy, ModelNotFound, SlugTaken, StillOpen, VersionTaken, *MISUNDERSTOOD)
"""Errors of committing a draft."""


@imports.mutation(permission=P.CATALOG_MODEL_WRITE, errors=COMMIT, audited=False, transaction=False)
async def commit(ctx: Call, input: CommitImport) -> Version:
    """Keep a draft as a draft version: its document, where each value came from, and its source. Upload its artifact to make it ready."""
    async with turn(ctx.actor.tenant_id):
        return await committing.commit(ctx.hub, ctx.actor, input)


@imports.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(NotSeveral, *COMMIT), audited=False, transaction=False)
async def commit_several(ctx: Call, input: CommitSeveral) -> list[Version]:
    """Keep several models of a draft in one go, or all of them: each as a model of its own, or as a version of one that is there."""
    async with turn(ctx.actor.tenant_id):
        return await committing.commit_several(ctx.hub, ctx.actor, input)


@imports.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(DraftNotFound,))
async def discard(ctx: Call, input: DraftRef) -> DiscardedDraft:
    """Delete a draft and its bytes."""
    return await importing.discard(ctx.work, input)


REIMPORT = (ConnectorNotFound, ImportsBusy, NoSource, VersionNotFound, *MISUNDERSTOOD)
"""Errors of reading a stored source again."""


@imports.mutation(permission=P.CATALOG_MODEL_WRITE, errors=REIMPORT, audited=False, transaction=False)
async def reimport(ctx: Call, input: Reimport) -> ImportDraft:
    """Read a version's stored source again, with another mapping or this release's rules: a new draft, to commit as another version."""
    async with turn(ctx.actor.tenant_id):
        return await importing.reimport(ctx.hub, ctx.actor, input)


@imports.query(permission=P.CATALOG_MODEL_READ, errors=(NoSource, VersionNotFound))
async def record(ctx: Call, input: VersionRef) -> ImportRecord:
    """Return the source of a version's document: the file, the mapping, and for each value its place in the file and its text there."""
    return await importing.record(ctx.work, input)


@imports.query(permission=P.CATALOG_MODEL_READ, errors=(ConnectorNotFound, DraftNotFound, ImportsBusy, *MISUNDERSTOOD), transaction=False)
async def shown(ctx: Call, input: ShowImport) -> ShownImport:
    """Return what would leave the hub, word for word, if a language model were asked about a draft through a connector."""
    async with turn(ctx.actor.tenant_id):
        return await importing.shown(ctx.hub, ctx.actor, input)


@imports.query(permission=P.CATALOG_MODEL_READ, errors=(ImportsBusy,), transaction=False)
async def shown_example(ctx: Call, input: ShowExample) -> ShownExample:
    """Return what would leave the hub of an example file, word for word, at a level that is not chosen yet."""
    async with turn(ctx.actor.tenant_id):
        return await example_shown(input)


@imports.query(permission=P.CATALOG_MODEL_READ)
async def sharing(ctx: Call) -> ImportSharing:
    """Return what the tenant shows to language models during imports."""
    return await shared.sharing(ctx.work)


@imports.mutation(permission=P.CONNECTOR_CONNECTOR_MANAGE)
async def set_sharing(ctx: Call, input: SetImportSharing) -> ImportSharing:
    """Set what is shown to language models, for the tenant and, if less, for single connectors."""
    return await shared.set_sharing(ctx.work, input)
