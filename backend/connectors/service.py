"""Connectors: create, list, rotate, disable, delete, and hold for their users. A stored key is never shown."""

from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError

from backend.connectors import actions, keys, repository, rules
from backend.connectors.errors import ConnectorDisabled, ConnectorInUse, ConnectorNameTaken, ConnectorNotFound
from backend.connectors.providers import TRAITS
from backend.connectors.tables import ConnectorRow
from backend.ids import new_id
from backend.ports.secrets import Access, Secret
from backend.work.unit import UnitOfWork
from schemas.connectors import (
    Connector,
    ConnectorRef,
    ConnectorTest,
    CreateConnector,
    DeletedConnector,
    Provider,
    RotateConnector,
)


async def list_connectors(work: UnitOfWork) -> list[Connector]:
    """Return all connectors, by name, without their keys."""
    uses = await repository.uses(work.session, work.tenant_id)
    return [connector_of(row, uses.get(row.id, [])) for row in await repository.connectors(work.session, work.tenant_id)]


async def get(work: UnitOfWork, connector_id: UUID) -> Connector:
    """Return one connector, without its key. Raises ConnectorNotFound."""
    row = await find(work, connector_id)
    return connector_of(row, await _uses(work, row))


async def create(work: UnitOfWork, input: CreateConnector) -> Connector:
    """Create a connector and seal its key. Raises BaseUrlRefused, ConnectorNameTaken, NoKek, BadKek, ProviderDown."""
    row = ConnectorRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        name=input.name,
        provider=input.provider,
        base_url=await _checked_url(work, input.provider, input.base_url),
        last4=rules.last4(input.api_key),
        created_at=work.now,
        created_by=work.actor.name,
        rotated_at=None,
        disabled_at=None,
        last_test=None,
    )
    work.session.add(row)
    try:
        await work.session.flush()
    except IntegrityError:
        raise ConnectorNameTaken from None
    await keys.store(work, row, Secret(input.api_key))
    made = connector_of(row, [])
    work.audit(actions.CONNECTORS_CREATE, _subject(row), after=made)
    return made


async def rotate(work: UnitOfWork, input: RotateConnector) -> Connector:
    """Replace the key, and optionally the address. Raises ConnectorNotFound, BaseUrlRefused, NoKek, BadKek, ProviderDown."""
    row = await find(work, input.connector_id, lock=True)
    before = connector_of(row, [])
    if input.base_url is not None:
        row.base_url = await _checked_url(work, Provider(row.provider), input.base_url)
    row.last4, row.rotated_at, row.last_test = rules.last4(input.api_key), work.now, None
    await keys.store(work, row, Secret(input.api_key))
    after = connector_of(row, await _uses(work, row))
    work.audit(actions.CONNECTORS_ROTATE, _subject(row), before, after)
    return after


async def set_disabled(work: UnitOfWork, input: ConnectorRef, disabled: bool) -> Connector:
    """Disable or enable a connector. Repeating it is harmless. Raises ConnectorNotFound."""
    row = await find(work, input.connector_id, lock=True)
    before = connector_of(row, [])
    row.disabled_at = (row.disabled_at or work.now) if disabled else None
    after = connector_of(row, await _uses(work, row))
    work.audit(actions.CONNECTORS_DISABLE if disabled else actions.CONNECTORS_ENABLE, _subject(row), before, after)
    return after


async def delete(work: UnitOfWork, input: ConnectorRef) -> DeletedConnector:
    """Delete the connector and its sealed key for good. Raises ConnectorNotFound, ConnectorInUse."""
    row = await find(work, input.connector_id, lock=True)
    if users := await _uses(work, row):
        raise ConnectorInUse(f"This connector is used by {', '.join(users[:10])}. End these first, or disable the connector.", used_by=users)
    await repository.remove(work.session, work.tenant_id, row.id)
    work.audit(actions.CONNECTORS_DELETE, _subject(row), before=connector_of(row, []))
    return DeletedConnector(connector_id=row.id)


async def access(work: UnitOfWork, connector_id: UUID) -> Access:
    """Return the provider's address and key for `hub.llm`. Raises ConnectorNotFound, ConnectorDisabled, KeyUnreadable."""
    row = await find(work, connector_id)
    if row.disabled_at is not None:
        raise ConnectorDisabled(f"The connector {row.name} is disabled. Enable it first.")
    return await access_of(work, row)


async def access_of(work: UnitOfWork, row: ConnectorRow) -> Access:
    """Return the provider's address and key of a row, disabled or not, for this slice. Raises KeyUnreadable."""
    return Access(provider=row.provider, base_url=row.base_url, key=await keys.load(work, row))


async def hold(work: UnitOfWork, connector_id: UUID, subject: str) -> None:
    """Record that `subject` (`job:…`) uses the connector, which then cannot be deleted. Raises ConnectorNotFound, ConnectorDisabled."""
    row = await find(work, connector_id, lock=True)
    if row.disabled_at is not None:
        raise ConnectorDisabled(f"The connector {row.name} is disabled. Enable it first.")
    await repository.add_use(work.session, work.tenant_id, row.id, subject, work.now)


async def hold_as(work: UnitOfWork, subject: str, other: str) -> None:
    """Note that `other` works through the connectors that `subject` works through, if any."""
    await repository.copy_uses(work.session, work.tenant_id, subject, other, work.now)


async def release(work: UnitOfWork, subject: str) -> None:
    """End every use of connectors by `subject`."""
    await repository.remove_use(work.session, work.tenant_id, subject)


async def find(work: UnitOfWork, connector_id: UUID, lock: bool = False) -> ConnectorRow:
    """Return the row, for this slice. Raises ConnectorNotFound."""
    row = await repository.connector(work.session, work.tenant_id, connector_id, lock)
    if row is None:
        raise ConnectorNotFound
    return row


def connector_of(row: ConnectorRow, used_by: list[str]) -> Connector:
    """Return a connector as callers see it."""
    traits = TRAITS[Provider(row.provider)]
    return Connector(
        id=row.id,
        name=row.name,
        provider=Provider(row.provider),
        base_url=row.base_url,
        last4=row.last4,
        fine_tuning=traits.fine_tuning,
        created_at=row.created_at,
        created_by=row.created_by,
        rotated_at=row.rotated_at,
        disabled_at=row.disabled_at,
        last_test=msgspec.convert(row.last_test, ConnectorTest, strict=False) if row.last_test else None,
        used_by=used_by,
    )


async def _uses(work: UnitOfWork, row: ConnectorRow) -> list[str]:
    return (await repository.uses(work.session, work.tenant_id)).get(row.id, [])


async def _checked_url(work: UnitOfWork, provider: Provider, given: str | None) -> str:
    url = rules.base_url_of(provider, given, rules.hosts_of(work.hub.settings.private_hosts))
    if given is not None:
        await work.hub.llm.check(url)
    return url


def _subject(row: ConnectorRow) -> str:
    return f"connector:{row.id}"
