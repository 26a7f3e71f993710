"""From uploaded bytes to a ready version: inspected, probed, pinned by SHA-256."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from backend.actor import Actor
from backend.catalog import actions
from backend.catalog.artifact_files import artifact_path
from backend.catalog.artifact_statement import statement_of
from backend.catalog.artifacts import ArtifactFacts, inspect, probe
from backend.catalog.categories import assigned, described, told
from backend.catalog.errors import ArtifactPresent, CategoriesUnclear, FeaturesDisagree
from backend.catalog.explanation_background import background_of, keep_background
from backend.catalog.rules import completed, differences, disagreements, medians, renamed
from backend.catalog.served_class import ServedClass, served_class
from backend.catalog.service import find_version, get_version, version_of
from backend.files import place
from backend.hub import Hub
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import Artifact, Version, VersionRef, VersionState
from schemas.common import Issue
from schemas.model_document import ModelDocument


async def expect(work: UnitOfWork, version_id: VersionRef) -> Version:
    """The version an artifact is about to be uploaded for. Raises VersionNotFound, ArtifactPresent."""
    version = await get_version(work, version_id)
    if version.artifact is not None:
        raise ArtifactPresent
    return version


async def admit(hub: Hub, actor: Actor, ref: VersionRef, quarantined: Path) -> Version:
    """Check the quarantined file and make the version ready. Raises what is wrong with it; the version then stays a draft.

    Nothing unchecked is loaded in this process: the structure is read by our own reader, the probe runs in a limited child process.
    """
    facts = await asyncio.to_thread(inspect, quarantined, hub.settings.max_artifact_bytes)
    async with hub.work(actor, read_only=True) as work:
        version = await expect(work, ref)
    features = facts.features if facts.named else ([feature.name for feature in version.document.features if feature.role == "input"] or facts.features)
    features = renamed(version.document, features) or features
    if len(features) != len(facts.features):
        message = f"the artifact takes {len(facts.features)} numbers, the document lists {len(features)} inputs"
        raise FeaturesDisagree(issues=[Issue(pointer="/features", message=message)])
    if issues := disagreements(version.document, features):
        raise FeaturesDisagree(issues=issues)
    categories = _categories(facts, version.document, features)
    rows = background_of(version.document, features, facts.kind, categories)
    stated = statement_of(version.document)
    score = served_class(facts, version.document, stated.positive_class)
    await probe(quarantined, facts, medians(version.document, features), use={"column": score.column, "columns": facts.columns})
    background = await asyncio.to_thread(keep_background, hub.files, rows) if rows is not None else None
    await asyncio.to_thread(_keep, quarantined, artifact_path(hub.files, facts.sha256))
    async with hub.work(actor) as work:
        return await _attach(work, ref, facts, features, background, score, categories)


async def _attach(
    work: UnitOfWork, ref: VersionRef, facts: ArtifactFacts, features: list[str], background: str | None, score: ServedClass, categories: dict[str, list[Any]]
) -> Version:
    row, model = await find_version(work, ref.version_id, lock=True)
    if row.artifact is not None:
        raise ArtifactPresent
    document = msgspec.convert(row.document, ModelDocument, strict=False)
    artifact = Artifact(
        kind=facts.kind,
        sha256=facts.sha256,
        size_bytes=facts.size_bytes,
        features=features,
        outputs=facts.outputs,
        uploaded_at=work.now,
        background=background,
        differences=differences(document, features, facts.kind, facts.objective, facts.outputs) + score.told + told(document, categories),
        classes=list(score.classes),
        positive_class=score.names[1] if score.names else None,
        column=score.column if facts.columns == 2 else None,
        meaning=score.meaning,
        categories=categories,
    )
    row.artifact = plain(artifact)
    whole = completed(document, features, facts.kind, facts.objective, score.names)
    row.document = plain(msgspec.structs.replace(whole, features=described(whole.features, categories)))
    row.state = VersionState.READY
    await work.session.flush()
    work.audit(actions.MODELS_UPLOAD_ARTIFACT, f"model:{model.slug}:{row.version}", after=artifact)
    return version_of(row, model, ())


def _categories(facts: ArtifactFacts, document: ModelDocument, features: list[str]) -> dict[str, list[Any]]:
    """The artifact's categories by feature. Raises CategoriesUnclear where they cannot be told apart."""
    if not facts.category_lists:
        return {}
    found = assigned(facts.category_lists, features, facts.infos, document)
    if found is None:
        message = (
            f"the artifact has the categories of {len(facts.category_lists)} columns and does not say of which; give these the type category in the document"
        )
        raise CategoriesUnclear(issues=[Issue(pointer="/features", message=message)])
    return found


def _keep(quarantined: Path, kept: Path) -> None:
    """Move into place so that a crash leaves the whole file or none."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    quarantined.chmod(0o440)
    place(quarantined, kept)
