"""Promotion in one transaction, on evidence that the caller has seen."""

import hashlib
from uuid import UUID

import msgspec
import rfc8785

from backend.catalog.rules import label
from backend.comparison import service as comparison
from backend.groups import service as groups
from backend.groups import transitions
from backend.groups.errors import GateNotMet, NotAChallenger, StaleEvidence
from backend.groups.gate import answering, ask_gate
from backend.groups.phases import specs_of
from backend.groups.rules import after_promotion
from backend.ids import new_id
from backend.promotion import actions, impact, repository
from backend.promotion.tables import PromotionRow
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.group_settings import GroupSettings
from schemas.groups import GroupRef, MemberRole
from schemas.promotion import Comparison, Evidence, Promote, Promotion, PromotionRecord

POLICY = "promotion/1"
"""The name of the rules for a promotion, stored for later readers."""


async def promote(work: UnitOfWork, input: Promote) -> Promotion:
    """Make a challenger the champion. Raises StaleEvidence, EvidenceAway, NotAChallenger, GateNotMet, RefusalsExpected; then nothing is changed."""
    before = await transitions.lock(work, input.slug)
    shown = await comparison.take_evidence(work, before.id, input.evidence_id)
    if shown is None or shown.phase != before.phase.number:
        raise StaleEvidence
    champion = next(member for member in before.phase.members if member.role is MemberRole.CHAMPION)
    if input.version_id not in {member.version_id for member in before.phase.members} - {champion.version_id}:
        raise NotAChallenger
    _gate(before.settings, shown, input.version_id)
    members = after_promotion(specs_of(before), input.version_id, input.keep_old)
    await ask_gate(work, "promotion", before.id, answering(members))
    expected = await impact.consent(work, before, members, input.accept_refusals)
    after = await transitions.next_phase(work, before, members, input.reason or "promotion", input.threshold)
    evidence = Evidence(
        comparison=shown,
        matured_share=_matured(shown),
        approver=work.actor.name,
        policy_version=POLICY,
        refused_share=expected.share if expected else 0.0,
    )
    evidence_hash = hashlib.sha256(rfc8785.dumps(plain(evidence))).hexdigest()
    work.session.add(
        PromotionRow(
            id=new_id(),
            tenant_id=work.tenant_id,
            group_id=after.id,
            phase=after.phase.number,
            at=work.now,
            by=work.actor.name,
            from_version=champion.version_id,
            to_version=input.version_id,
            reason=input.reason,
            evidence=plain(evidence),
            evidence_hash=evidence_hash,
        )
    )
    await work.session.flush()
    change = {"phase": plain(after.phase), "evidence": plain(evidence), "evidence_hash": evidence_hash, "reason": input.reason}
    work.audit(actions.GROUPS_PROMOTE, f"group:{after.slug}", before.phase, change)
    return Promotion(group=after, evidence_hash=evidence_hash)


async def list_promotions(work: UnitOfWork, input: GroupRef) -> list[PromotionRecord]:
    """Return past promotions, newest first, each with its evidence. Raises GroupNotFound."""
    group = await groups.get(work, input)
    return [
        PromotionRecord(
            phase=row.phase,
            at=row.at,
            by=row.by,
            from_label=label(row.from_number),
            to_label=label(row.to_number),
            reason=row.reason,
            evidence_hash=row.evidence_hash,
            evidence=msgspec.convert(row.evidence, Evidence),
        )
        for row in await repository.promotions(work.session, work.tenant_id, group.id)
    ]


def _gate(settings: GroupSettings, shown: Comparison, version_id: UUID) -> None:
    """Check that the evidence meets the group's conditions for a promotion. Raises GateNotMet with what is missing."""
    matured = _matured(shown)
    if matured < settings.min_matured_share:
        has, wanted = f"{matured * 100:.1f} %", f"{settings.min_matured_share * 100:.1f} %"
        raise GateNotMet(f"{has} of the phase's predictions have their outcome; this group requires {wanted}. Wait for more outcomes.")
    if settings.require_verdict and shown.leader != version_id:
        raise GateNotMet(f"This group promotes only with a verdict, and this version has none: {shown.verdict}")


def _matured(shown: Comparison) -> float:
    answering = [contender for contender in shown.contenders if contender.role is not MemberRole.SHADOW]
    answered = sum(contender.n for contender in answering)
    return sum(contender.n_labelled for contender in answering) / answered if answered else 0.0
