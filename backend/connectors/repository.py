"""Connectors: all SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.connectors.tables import CanaryRow, ConnectorRow, SecretRow, UseRow
from backend.ports.secrets import Sealed


async def connectors(session: AsyncSession, tenant_id: UUID) -> Sequence[ConnectorRow]:
    """Return all connectors, by name."""
    return (await session.execute(select(ConnectorRow).where(ConnectorRow.tenant_id == tenant_id).order_by(func.lower(ConnectorRow.name)))).scalars().all()


async def connector(session: AsyncSession, tenant_id: UUID, connector_id: UUID, lock: bool = False) -> ConnectorRow | None:
    """Return one connector."""
    query = select(ConnectorRow).where(ConnectorRow.tenant_id == tenant_id, ConnectorRow.id == connector_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def note_test(session: AsyncSession, tenant_id: UUID, connector_id: UUID, outcome: dict[str, object]) -> None:
    """Store the result of the last test."""
    mine = update(ConnectorRow).where(ConnectorRow.tenant_id == tenant_id, ConnectorRow.id == connector_id)
    await session.execute(mine.values(last_test=outcome).execution_options(synchronize_session=False))


async def remove(session: AsyncSession, tenant_id: UUID, connector_id: UUID) -> None:
    """Delete the connector and its sealed key."""
    await session.execute(delete(ConnectorRow).where(ConnectorRow.tenant_id == tenant_id, ConnectorRow.id == connector_id))


async def uses(session: AsyncSession, tenant_id: UUID) -> dict[UUID, list[str]]:
    """Return the users of each connector."""
    found: dict[UUID, list[str]] = {}
    for row in (await session.execute(select(UseRow).where(UseRow.tenant_id == tenant_id).order_by(UseRow.subject))).scalars():
        found.setdefault(row.connector_id, []).append(row.subject)
    return found


async def add_use(session: AsyncSession, tenant_id: UUID, connector_id: UUID, subject: str, now: datetime) -> None:
    """Record a use. Recording it twice is harmless."""
    values = {"tenant_id": tenant_id, "connector_id": connector_id, "subject": subject, "since": now}
    await session.execute(insert(UseRow).values(values).on_conflict_do_nothing())


async def copy_uses(session: AsyncSession, tenant_id: UUID, subject: str, other: str, now: datetime) -> None:
    """Note for `other` every use by `subject`."""
    theirs = select(UseRow.connector_id).where(UseRow.tenant_id == tenant_id, UseRow.subject == subject)
    for connector_id in (await session.execute(theirs)).scalars().all():
        await add_use(session, tenant_id, connector_id, other, now)


async def remove_use(session: AsyncSession, tenant_id: UUID, subject: str) -> None:
    """Remove every use by this subject."""
    await session.execute(delete(UseRow).where(UseRow.tenant_id == tenant_id, UseRow.subject == subject))


async def sealed(session: AsyncSession, tenant_id: UUID, connector_id: UUID, field: str) -> Sealed | None:
    """Return a sealed field."""
    query = select(SecretRow).where(SecretRow.tenant_id == tenant_id, SecretRow.connector_id == connector_id, SecretRow.field == field)
    row = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    return sealed_of(row) if row else None


def sealed_of(row: SecretRow) -> Sealed:
    """Return the row in the vault's form."""
    return Sealed(row.kek_version, row.wrapped_key, row.ciphertext)


async def put_sealed(session: AsyncSession, tenant_id: UUID, connector_id: UUID, field: str, value: Sealed) -> None:
    """Store a sealed field in place of the earlier one."""
    stored = {"kek_version": value.kek_version, "wrapped_key": value.wrapped_key, "ciphertext": value.ciphertext}
    statement = insert(SecretRow).values(tenant_id=tenant_id, connector_id=connector_id, field=field, **stored)
    await session.execute(statement.on_conflict_do_update(index_elements=["connector_id", "field"], set_=stored))


async def sealed_elsewhere(session: AsyncSession, tenant_id: UUID, current: int) -> Sequence[SecretRow]:
    """Return the fields whose data key another version wraps."""
    query = select(SecretRow).where(SecretRow.tenant_id == tenant_id, SecretRow.kek_version != current)
    return (await session.execute(query.order_by(SecretRow.connector_id))).scalars().all()


async def replace_wrapping(session: AsyncSession, row: SecretRow, value: Sealed) -> bool:
    """Store the new wrapping if nobody changed the field meanwhile. Return whether it was stored."""
    mine = update(SecretRow).where(
        SecretRow.tenant_id == row.tenant_id, SecretRow.connector_id == row.connector_id, SecretRow.field == row.field, SecretRow.wrapped_key == row.wrapped_key
    )
    changed = mine.values(kek_version=value.kek_version, wrapped_key=value.wrapped_key).returning(SecretRow.connector_id)
    return (await session.execute(changed.execution_options(synchronize_session=False))).first() is not None


async def tenants_to_rewrap(session: AsyncSession, current: int) -> list[UUID]:
    """Return the tenants with a field whose data key another version wraps."""
    return list((await session.execute(text("SELECT tenants_to_rewrap(:current)"), {"current": current})).scalars())


async def canaries(session: AsyncSession) -> dict[int, bytes]:
    """Return the canary of each key-encryption key ever seen."""
    return {row.kek_version: row.sealed for row in (await session.execute(select(CanaryRow))).scalars()}


async def add_canary(session: AsyncSession, version: int, value: bytes) -> None:
    """Record the first use of a key-encryption key. Another process may have recorded it before."""
    await session.execute(insert(CanaryRow).values(kek_version=version, sealed=value).on_conflict_do_nothing())
