"""Models and their versions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from backend.catalog import actions, repository
from backend.catalog.decision_rules import require_fit
from backend.catalog.errors import ModelNotFound, SlugTaken, VersionNotFound, VersionServing, VersionTaken
from backend.catalog.rules import canonical_version, free_version, label, slug_of
from backend.catalog.tables import ModelRow, VersionRow
from backend.connectors import service as connectors
from backend.ids import new_id
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import Artifact, CreateModel, CreateVersion, ListModels, Model, ModelRef, ServingRole, Version, VersionRef, VersionState
from schemas.common import Page
from schemas.decisions import DecisionRule, VersionRule
from schemas.model_document import ModelDocument


async def list_models(work: UnitOfWork, input: ListModels) -> Page[Model]:
    """Return models by slug, each with the groups it serves in."""
    rows = await repository.summaries(work.session, work.tenant_id, input.search, input.cursor, input.limit + 1)
    serving = await repository.serving(work.session, work.tenant_id)
    page = rows[: input.limit]
    return Page(items=[_model(row, serving) for row in page], next_cursor=page[-1].slug if len(rows) > input.limit else None)


async def get_model(work: UnitOfWork, input: ModelRef) -> Model:
    """Return one model. Raises ModelNotFound."""
    row = await repository.summary(work.session, work.tenant_id, input.slug)
    if row is None:
        raise ModelNotFound(f"There is no model {input.slug!r} in this tenant.")
    return _model(row, await repository.serving(work.session, work.tenant_id))


async def create_model(work: UnitOfWork, input: CreateModel) -> Model:
    """Create a model. Raises SlugTaken."""
    row = ModelRow(id=new_id(), tenant_id=work.tenant_id, slug=input.slug, name=input.name, description=input.description, created_at=work.now)
    work.session.add(row)
    try:
        await work.session.flush()
    except IntegrityError:
        raise SlugTaken from None
    model = Model(id=row.id, name=row.name, slug=row.slug, description=row.description, created_at=work.now, versions=0, latest_version=None, serving=[])
    work.audit(actions.MODELS_CREATE, f"model:{row.slug}", after=model)
    return model


async def list_versions(work: UnitOfWork, input: ModelRef) -> list[Version]:
    """Return a model's versions, the highest number first. Raises ModelNotFound."""
    model = await _find_model(work, input.slug)
    serving = await repository.serving(work.session, work.tenant_id)
    versions = [version_of(row, model, serving) for row in await repository.versions(work.session, work.tenant_id, model.id)]
    return sorted(versions, key=lambda version: [int(part) for part in version.version.split(".")], reverse=True)


async def get_version(work: UnitOfWork, input: VersionRef) -> Version:
    """Return one version. Raises VersionNotFound."""
    row, model = await find_version(work, input.version_id)
    return version_of(row, model, await repository.serving(work.session, work.tenant_id))


async def next_version(work: UnitOfWork, slug: str, wanted: str | None) -> str:
    """Return the number for a model's next version: the wanted one if free, else the one after the highest. Raises ModelNotFound."""
    model = await _find_model(work, slug)
    return free_version([row.version for row in await repository.versions(work.session, work.tenant_id, model.id)], wanted)


async def model_of_version(work: UnitOfWork, version_id: UUID) -> str:
    """Return the slug of a version's model. Raises VersionNotFound."""
    _, model = await find_version(work, version_id)
    return model.slug


async def own_numbers(work: UnitOfWork, slug: str) -> None:
    """Lock the model's version numbers until the end of the transaction, so that two callers never choose the same next version."""
    await repository.lock_model(work.session, work.tenant_id, slug)


async def find_by_name(work: UnitOfWork, name: str) -> str | None:
    """Return the slug of the model with this slug or name."""
    row = await repository.model_called(work.session, work.tenant_id, name, slug_of(name))
    return row.slug if row else None


async def create_version(work: UnitOfWork, input: CreateVersion) -> Version:
    """Create a draft version from a document. The artifact is uploaded next. Raises ModelNotFound, VersionTaken, DecisionRuleUnfit."""
    model = await _find_model(work, input.model)
    if input.decision_rule:
        require_fit(input.decision_rule, input.document, None, "/decision_rule")
    version = canonical_version(input.version)
    document = msgspec.structs.replace(input.document, version=version)
    row = VersionRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        model_id=model.id,
        version=version,
        state=VersionState.DRAFT,
        document=plain(document),
        artifact=None,
        decision_rule=await kept_rule(work, model.id, input.decision_rule, version),
        created_by=work.actor.name,
        created_at=work.now,
    )
    work.session.add(row)
    try:
        await work.session.flush()
    except IntegrityError:
        raise VersionTaken(f"{input.model} already has {label(version)}; versions are never overwritten. Choose the next number.") from None
    created = version_of(row, model, ())
    work.audit(
        actions.MODELS_CREATE_VERSION,
        f"model:{model.slug}:{version}",
        after={"version_id": str(row.id), "document": row.document, "decision_rule": row.decision_rule},
    )
    return created


async def kept_rule(work: UnitOfWork, model_id: UUID, rule: DecisionRule | None, number: str) -> dict[str, Any] | None:
    """Return a rule as a version of this number stores it: with the label of the model's first version that has exactly this rule."""
    if rule is None:
        return None
    content = plain(rule)
    rows = await repository.versions(work.session, work.tenant_id, model_id)
    same = sorted((row for row in rows if row.decision_rule and row.decision_rule["rule"] == content), key=lambda row: row.created_at)
    first = same[0].decision_rule if same else None
    return {"rule": content, "version": first["version"] if first else label(number)}


async def archive_version(work: UnitOfWork, input: VersionRef) -> Version:
    """Archive a version; it is kept forever. Raises VersionServing."""
    row, model = await find_version(work, input.version_id, lock=True)
    if any(place.version_id == row.id for place in await repository.serving(work.session, work.tenant_id)):
        raise VersionServing
    before, row.state = row.state, VersionState.ARCHIVED
    await connectors.release(work, f"version:{row.id}")
    work.audit(actions.MODELS_ARCHIVE_VERSION, f"model:{model.slug}:{row.version}", {"state": before}, {"state": row.state})
    return version_of(row, model, ())


async def find_version(work: UnitOfWork, version_id: UUID, lock: bool = False) -> tuple[VersionRow, ModelRow]:
    """Return the rows of a version, for this slice. Raises VersionNotFound."""
    found = await repository.version(work.session, work.tenant_id, version_id, lock)
    if found is None:
        raise VersionNotFound
    return found.VersionRow, found.ModelRow


def version_of(row: VersionRow, model: ModelRow, serving: Sequence[Row[Any]]) -> Version:
    """Return a version as callers see it."""
    return Version(
        id=row.id,
        model_id=row.model_id,
        model_name=model.name,
        version=row.version,
        label=label(row.version),
        state=VersionState(row.state),
        artifact=msgspec.convert(row.artifact, Artifact) if row.artifact else None,
        created_at=row.created_at,
        created_by=row.created_by,
        document=msgspec.convert(row.document, ModelDocument, strict=False),
        serving=[_place(place) for place in serving if place.version_id == row.id],
        decision_rule=msgspec.convert(row.decision_rule, VersionRule, strict=False) if row.decision_rule else None,
    )


async def _find_model(work: UnitOfWork, slug: str) -> ModelRow:
    row = await repository.model(work.session, work.tenant_id, slug)
    if row is None:
        raise ModelNotFound(f"There is no model {slug!r} in this tenant.")
    return row


def _model(row: Row[Any], serving: Sequence[Row[Any]]) -> Model:
    return Model(
        id=row.id,
        name=row.name,
        slug=row.slug,
        description=row.description,
        created_at=row.created_at,
        versions=row.versions,
        latest_version=label(row.latest_version) if row.latest_version else None,
        serving=[_place(place) for place in serving if place.model_id == row.id],
    )


def _place(place: Row[Any]) -> ServingRole:
    return ServingRole(
        group_slug=place.group_slug,
        group_name=place.group_name,
        role=place.role,
        version=label(place.version),
        preparing=place.preparing,
        load_error=place.load_error,
    )
