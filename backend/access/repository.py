"""All SQL of access. The `find_` functions of the database answer before a tenant is known."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, any_, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from backend.access.tables import PersonRow, SessionRow, TenantRow, TokenRow
from backend.db.locks import lock


async def find_people(session: AsyncSession, email: str) -> Sequence[Row[Any]]:
    """Return the people who sign in with an email: one per tenant, the oldest first."""
    return (await session.execute(text("SELECT * FROM find_person(:email)"), {"email": email})).all()


async def find_session(connection: AsyncConnection, secret_hash: bytes) -> Row[Any] | None:
    """The live session behind a cookie, with its person and tenant."""
    return (await connection.execute(text("SELECT * FROM find_session(:hash)"), {"hash": secret_hash})).first()


async def find_token(connection: AsyncConnection, secret_hash: bytes) -> Row[Any] | None:
    """The live token behind a secret, with its maker and tenant."""
    return (await connection.execute(text("SELECT * FROM find_token(:hash)"), {"hash": secret_hash})).first()


async def count_tenants(session: AsyncSession) -> int:
    """Count the tenants, and block another process that counts them."""
    await lock(session, "first tenant")
    return int((await session.execute(text("SELECT count_tenants()"))).scalar_one())


async def create_tenant(session: AsyncSession, tenant_id: UUID, name: str, now: datetime) -> None:
    """A new tenant."""
    await session.execute(text("SELECT create_tenant(:id, :name, :now)"), {"id": tenant_id, "name": name, "now": now})


async def tenant_name(session: AsyncSession, tenant_id: UUID) -> str:
    """The tenant's name."""
    return (await session.execute(select(TenantRow.name).where(TenantRow.id == tenant_id))).scalar_one()


async def time_zone(session: AsyncSession, tenant_id: UUID, lock: bool = False) -> str | None:
    """Return the tenant's own time zone. With `lock`, nobody changes it until the transaction ends."""
    query = select(TenantRow.time_zone).where(TenantRow.id == tenant_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one()


async def set_time_zone(session: AsyncSession, tenant_id: UUID, name: str | None) -> None:
    """Set the tenant's own time zone; None removes it."""
    await session.execute(update(TenantRow).where(TenantRow.id == tenant_id).values(time_zone=name))


async def people(session: AsyncSession, tenant_id: UUID) -> Sequence[PersonRow]:
    """Return everybody, sorted by name."""
    return (await session.execute(select(PersonRow).where(PersonRow.tenant_id == tenant_id).order_by(PersonRow.name))).scalars().all()


async def person(session: AsyncSession, tenant_id: UUID, person_id: UUID) -> PersonRow | None:
    """Return one person, locked for a change."""
    query = select(PersonRow).where(PersonRow.tenant_id == tenant_id, PersonRow.id == person_id).with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def read_person(session: AsyncSession, tenant_id: UUID, person_id: UUID) -> PersonRow | None:
    """Return one person without a lock."""
    return (await session.execute(select(PersonRow).where(PersonRow.tenant_id == tenant_id, PersonRow.id == person_id))).scalar_one_or_none()


async def count_administrators(session: AsyncSession, tenant_id: UUID) -> int:
    """Count the administrators who can sign in."""
    query = select(func.count()).where(PersonRow.tenant_id == tenant_id, ~PersonRow.disabled, literal("admin") == any_(PersonRow.roles))
    return (await session.execute(query)).scalar_one()


async def lock_people(session: AsyncSession, tenant_id: UUID) -> None:
    """Block every other change of the tenant's people until the transaction ends."""
    await lock(session, f"people:{tenant_id}")


async def live_session(session: AsyncSession, tenant_id: UUID, session_id: UUID, now: datetime) -> bool:
    """Return whether the session is neither revoked nor expired."""
    query = select(SessionRow.id).where(SessionRow.tenant_id == tenant_id, SessionRow.id == session_id)
    return (await session.execute(query.where(SessionRow.revoked_at.is_(None), SessionRow.expires_at > now))).first() is not None


async def revoke_sessions(session: AsyncSession, tenant_id: UUID, person_id: UUID, now: datetime, but: UUID | None = None) -> None:
    """End a person's sessions, except the given one."""
    query = update(SessionRow).where(SessionRow.tenant_id == tenant_id, SessionRow.person_id == person_id, SessionRow.revoked_at.is_(None))
    if but is not None:
        query = query.where(SessionRow.id != but)
    await session.execute(query.values(revoked_at=now))


async def revoke_session(session: AsyncSession, tenant_id: UUID, session_id: UUID, now: datetime) -> None:
    """End one session."""
    await session.execute(update(SessionRow).where(SessionRow.tenant_id == tenant_id, SessionRow.id == session_id).values(revoked_at=now))


async def tokens(session: AsyncSession, tenant_id: UUID, person_id: UUID | None) -> list[tuple[TokenRow, str]]:
    """Return tokens with their maker's email, newest first: of one person, or of all."""
    query = select(TokenRow, PersonRow.email).join(PersonRow, PersonRow.id == TokenRow.person_id).where(TokenRow.tenant_id == tenant_id)
    if person_id is not None:
        query = query.where(TokenRow.person_id == person_id)
    return [(row.TokenRow, row.email) for row in await session.execute(query.order_by(TokenRow.created_at.desc()))]


async def token(session: AsyncSession, tenant_id: UUID, token_id: UUID) -> tuple[TokenRow, str] | None:
    """Return one token with its maker's email, locked for a change."""
    query = select(TokenRow, PersonRow.email).join(PersonRow, PersonRow.id == TokenRow.person_id)
    row = (await session.execute(query.where(TokenRow.tenant_id == tenant_id, TokenRow.id == token_id).with_for_update(of=TokenRow))).first()
    return (row.TokenRow, row.email) if row else None


async def live_token(session: AsyncSession, tenant_id: UUID, token_id: UUID, now: datetime) -> TokenRow | None:
    """Return a token that is neither revoked nor expired. Nobody can revoke it until the transaction ends."""
    query = select(TokenRow).where(TokenRow.tenant_id == tenant_id, TokenRow.id == token_id, TokenRow.revoked_at.is_(None))
    query = query.where(TokenRow.expires_at.is_(None) | (TokenRow.expires_at > now))
    return (await session.execute(query.with_for_update(read=True))).scalar_one_or_none()


DESCENDANTS = """
WITH RECURSIVE made AS (
  SELECT id FROM api_tokens WHERE tenant_id = :tenant AND id = ANY(:ids)
  UNION SELECT k.id FROM api_tokens k JOIN made ON k.parent_id = made.id WHERE k.tenant_id = :tenant)
UPDATE api_tokens k SET revoked_at = :now FROM made WHERE k.id = made.id AND k.revoked_at IS NULL
"""


async def revoke_tokens(session: AsyncSession, tenant_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    """End tokens and all tokens made with them. Notify the processes that cache them."""
    await session.execute(text(DESCENDANTS), {"tenant": tenant_id, "ids": list(ids), "now": now})
    await session.execute(text("SELECT pg_notify('tiltyard_tokens', '')"))


async def token_ids(session: AsyncSession, tenant_id: UUID, person_id: UUID) -> Sequence[UUID]:
    """The tokens of a person."""
    return (await session.execute(select(TokenRow.id).where(TokenRow.tenant_id == tenant_id, TokenRow.person_id == person_id))).scalars().all()


async def touch_token(session: AsyncSession, tenant_id: UUID, token_id: UUID, now: datetime) -> None:
    """Record a token's use, to the minute."""
    stale = TokenRow.last_used_at.is_(None) | (TokenRow.last_used_at < now - timedelta(minutes=1))
    await session.execute(update(TokenRow).where(TokenRow.tenant_id == tenant_id, TokenRow.id == token_id, stale).values(last_used_at=now))
