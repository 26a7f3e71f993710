"""Turns uploaded bytes into a ready version: inspected, probed, stored under their SHA-256."""

import asyncio
from pathlib import Path

import msgspec

from backend.actor import Actor
from backend.catalog import actions
from backend.catalog.artifact_check import CheckedArtifact, check
from backend.catalog.artifact_files import artifact_name
from backend.catalog.artifact_statement import statement_of
from backend.catalog.categories import described
from backend.catalog.decision_rules import require_fit
from backend.catalog.errors import ArtifactPresent
from backend.catalog.explanation_background import keep_background
from backend.catalog.rules import completed
from backend.catalog.service import find_version, get_version, version_of
from backend.hub import Hub
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import Artifact, Version, VersionRef, VersionState
from schemas.decisions import DecisionRule
from schemas.model_document import ModelDocument


async def expect(work: UnitOfWork, version_id: VersionRef) -> Version:
    """Return the version that awaits an artifact. Raises VersionNotFound, ArtifactPresent."""
    version = await get_version(work, version_id)
    if version.artifact is not None:
        raise ArtifactPresent
    return version


async def admit(hub: Hub, actor: Actor, ref: VersionRef, quarantined: Path) -> Version:
    """Check the quarantined file and make the version ready. Raises the problem found; the version then stays a draft.

    This process loads nothing unchecked: our own reader reads the structure, and a limited child process runs the probe.
    """
    async with hub.work(actor, read_only=True) as work:
        document = (await expect(work, ref)).document
    found = await check(quarantined, document, statement_of(document), hub.settings.max_artifact_bytes)
    background = await asyncio.to_thread(keep_background, hub.files, found.background) if found.background is not None else None
    await asyncio.to_thread(hub.files.put, artifact_name(found.facts.sha256), quarantined, found.facts.sha256)
    async with hub.work(actor) as work:
        return await _attach(work, ref, found, background)


async def _attach(work: UnitOfWork, ref: VersionRef, found: CheckedArtifact, background: str | None) -> Version:
    row, model = await find_version(work, ref.version_id, lock=True)
    if row.artifact is not None:
        raise ArtifactPresent
    facts, score = found.facts, found.score
    artifact = Artifact(
        kind=facts.kind,
        sha256=facts.sha256,
        size_bytes=facts.size_bytes,
        features=found.features,
        outputs=facts.outputs,
        uploaded_at=work.now,
        background=background,
        differences=found.told,
        classes=list(score.classes),
        positive_class=score.names[1] if score.names else None,
        column=score.column if facts.columns == 2 else None,
        meaning=score.meaning,
        categories=found.categories,
        rounds=found.rounds,
        missing=found.missing,
        samples=len(found.report.sample_scores),
        takes_missing=[name for name, own in zip(found.features, facts.features, strict=True) if own in facts.takes_missing],
    )
    row.artifact = plain(artifact)
    document = msgspec.convert(row.document, ModelDocument, strict=False)
    whole = completed(document, found.features, facts.kind, facts.objective, score.names)
    row.document = plain(msgspec.structs.replace(whole, features=described(whole.features, found.categories)))
    if row.decision_rule:
        require_fit(msgspec.convert(row.decision_rule["rule"], DecisionRule, strict=False), whole, artifact, "/decision_rule")
    row.state = VersionState.READY
    await work.session.flush()
    work.audit(actions.MODELS_UPLOAD_ARTIFACT, f"model:{model.slug}:{row.version}", after=artifact)
    return version_of(row, model, ())
