"""A version with another decision rule: a new version that has the same artifact."""

from sqlalchemy.exc import IntegrityError

from backend.catalog.errors import VersionTaken
from backend.catalog.rules import label
from backend.catalog.service import find_version, kept_rule, version_of
from backend.catalog.tables import VersionRow
from backend.connectors import service as connectors
from backend.ids import new_id
from backend.work.unit import UnitOfWork
from schemas.catalog import Version, VersionRef, VersionState
from schemas.decisions import DecisionRule


async def fork_version(work: UnitOfWork, ref: VersionRef, rule: DecisionRule | None, number: str) -> Version:
    """Return a ready version of this number with another version's document and artifact, and the rule. Raises VersionNotFound, VersionTaken."""
    source, model = await find_version(work, ref.version_id)
    row = VersionRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        model_id=source.model_id,
        version=number,
        state=VersionState.READY,
        document={**source.document, "version": number},
        artifact=source.artifact,
        decision_rule=await kept_rule(work, source.model_id, rule, number),
        created_by=work.actor.name,
        created_at=work.now,
    )
    work.session.add(row)
    try:
        await work.session.flush()
    except IntegrityError:
        raise VersionTaken(f"{model.slug} has {label(number)} since a moment ago. Try again.") from None
    await connectors.hold_as(work, f"version:{source.id}", f"version:{row.id}")
    return version_of(row, model, ())
