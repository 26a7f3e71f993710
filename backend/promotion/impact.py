"""Requests of the last week that a new champion would refuse: they lack a required feature. No other version answers for a champion."""

from collections.abc import Sequence
from uuid import UUID

from backend.catalog import service as catalog
from backend.groups import service as groups
from backend.groups.errors import RefusalsExpected
from backend.inference_log.browse import lacking_requests
from backend.runtimes.served_versions import facts_of
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef
from schemas.groups import Group, GroupRef, MemberRole, MemberSpec
from schemas.promotion import EstimateImpact, LackingFeature, ServingImpact


async def estimate(work: UnitOfWork, input: EstimateImpact) -> list[ServingImpact]:
    """Return, for each version, how many of the group's latest requests it could not answer. Raises GroupNotFound, VersionNotFound."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    return [await impact_of(work, group, version_id) for version_id in input.version_ids]


async def impact_of(work: UnitOfWork, group: Group, version_id: UUID) -> ServingImpact:
    """Return how many of the group's latest requests a version could not answer. Raises VersionNotFound."""
    version = await catalog.get_version(work, VersionRef(version_id=version_id))
    required = [spec.name for spec in facts_of(version).specs() if spec.required] if version.artifact else []
    found = await lacking_requests(work, group.table_name, required)
    return ServingImpact(
        version_id=version_id,
        label=version.label,
        requests=found.requests,
        lacking=found.lacking,
        share=found.lacking / found.requests if found.requests else 0.0,
        features=[LackingFeature(name=name, requests=count) for name, count in found.features],
    )


async def consent(work: UnitOfWork, group: Group, members: Sequence[MemberSpec], accepted: bool) -> ServingImpact | None:
    """Check what a new champion would refuse. Raises RefusalsExpected when it would refuse requests and nobody accepted that."""
    champion = next((one.version_id for one in members if one.role is MemberRole.CHAMPION), None)
    if champion is None or champion == next(one.version_id for one in group.phase.members if one.role is MemberRole.CHAMPION):
        return None
    impact = await impact_of(work, group, champion)
    if impact.lacking and not accepted:
        names = ", ".join(f"{one.name} ({one.requests:,})" for one in impact.features)
        raise RefusalsExpected(
            f"{impact.label} would refuse {100 * impact.share:.2g} % of the last week's requests ({impact.lacking:,} of {impact.requests:,}): "
            f"they lack {names}, "
            "which it requires. Have the callers send them, mark them as optional in the version's document, or repeat this with `accept_refusals`.",
            share=impact.share,
        )
    return impact
