"""All SQL of models and versions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog.tables import ModelRow, VersionRow

SUMMARY = """
SELECT m.*, count(v.id) AS versions,
       (array_agg(v.version ORDER BY string_to_array(v.version, '.')::int[] DESC) FILTER (WHERE v.id IS NOT NULL))[1] AS latest_version
FROM models m LEFT JOIN versions v ON v.model_id = m.id AND v.tenant_id = m.tenant_id
WHERE m.tenant_id = :tenant {where}
GROUP BY m.id ORDER BY m.slug LIMIT :limit
"""

SERVING = """
SELECT v.id AS version_id, v.model_id, v.version, b.role, g.slug AS group_slug, g.name AS group_name,
  routers_preparing(v.id, interval '600 milliseconds') > 0 AS preparing, routers_failure(v.id, interval '600 milliseconds') AS load_error
FROM published_groups g JOIN published_members b ON b.group_id = g.id AND b.phase = g.phase JOIN versions v ON v.id = b.version_id
WHERE g.tenant_id = :tenant AND g.deleted_at IS NULL
ORDER BY g.slug, b.role, v.version
"""


async def summaries(session: AsyncSession, tenant_id: UUID, search: str | None, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Return models by slug, each with its number of versions and its latest version."""
    where = ""
    if search:
        where += " AND (strpos(lower(m.name), lower(:search)) > 0 OR strpos(m.slug, lower(:search)) > 0)"
    if after:
        where += " AND m.slug > :after"
    values = {"tenant": tenant_id, "search": search, "after": after, "limit": limit}
    used = {key: value for key, value in values.items() if f":{key}" in SUMMARY.format(where=where)}
    return (await session.execute(text(SUMMARY.format(where=where)), used)).all()


async def summary(session: AsyncSession, tenant_id: UUID, slug: str) -> Row[Any] | None:
    """Return one model's summary."""
    statement = text(SUMMARY.format(where="AND m.slug = :slug"))
    return (await session.execute(statement, {"tenant": tenant_id, "slug": slug, "limit": 1})).first()


async def serving(session: AsyncSession, tenant_id: UUID) -> Sequence[Row[Any]]:
    """Return every version that serves in a group now."""
    return (await session.execute(text(SERVING), {"tenant": tenant_id})).all()


async def model(session: AsyncSession, tenant_id: UUID, slug: str) -> ModelRow | None:
    """Return one model."""
    return (await session.execute(select(ModelRow).where(ModelRow.tenant_id == tenant_id, ModelRow.slug == slug))).scalar_one_or_none()


async def model_called(session: AsyncSession, tenant_id: UUID, name: str, slug: str) -> ModelRow | None:
    """Return the model with this slug, else the first with this name."""
    query = select(ModelRow).where(ModelRow.tenant_id == tenant_id, (ModelRow.slug.in_((name, slug))) | (func.lower(ModelRow.name) == name.lower()))
    ordered = query.order_by((ModelRow.slug == name).desc(), (ModelRow.slug == slug).desc(), ModelRow.created_at).limit(1)
    return (await session.execute(ordered)).scalar_one_or_none()


async def lock_model(session: AsyncSession, tenant_id: UUID, slug: str) -> None:
    """Lock the numbers of the model's versions until the end of the transaction. Transactions that only refer to the model do not wait."""
    await session.execute(select(ModelRow.id).where(ModelRow.tenant_id == tenant_id, ModelRow.slug == slug).with_for_update(key_share=True))


async def versions(session: AsyncSession, tenant_id: UUID, model_id: UUID) -> Sequence[VersionRow]:
    """Return a model's versions."""
    return (await session.execute(select(VersionRow).where(VersionRow.tenant_id == tenant_id, VersionRow.model_id == model_id))).scalars().all()


async def version(session: AsyncSession, tenant_id: UUID, version_id: UUID, lock: bool = False) -> Row[VersionRow, ModelRow] | None:
    """Return one version with its model."""
    query = select(VersionRow, ModelRow).join(ModelRow, ModelRow.id == VersionRow.model_id)
    query = query.where(VersionRow.tenant_id == tenant_id, VersionRow.id == version_id)
    return (await session.execute(query.with_for_update(of=VersionRow) if lock else query)).first()
