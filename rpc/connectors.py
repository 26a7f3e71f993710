"""Connectors: providers of language models and their keys. A stored key is never shown."""

from backend.access.permissions import P
from backend.connectors import calls, service
from backend.connectors.errors import (
    AnswerCutOff,
    BadKek,
    BaseUrlRefused,
    ConnectorDisabled,
    ConnectorInUse,
    ConnectorNameTaken,
    ConnectorNotFound,
    KeyUnreadable,
    ModelRefused,
    NoKek,
    ProviderAnswerTooLarge,
    ProviderAnswerUnreadable,
    ProviderBusy,
    ProviderDown,
    ProviderKeyRefused,
    ProviderRedirected,
    ProviderRequestRefused,
    ProviderSlow,
)
from rpc.core import Router
from rpc.host import Call
from schemas.connectors import Connector, ConnectorRef, CreateConnector, DeletedConnector, ProviderModel, RotateConnector

PROVIDER_ERRORS = (
    AnswerCutOff,
    ModelRefused,
    ProviderAnswerTooLarge,
    ProviderAnswerUnreadable,
    ProviderBusy,
    ProviderDown,
    ProviderKeyRefused,
    ProviderRedirected,
    ProviderRequestRefused,
    ProviderSlow,
)
"""Errors of a call to a provider."""

connectors = Router("connectors")


@connectors.query(permission=P.CONNECTOR_CONNECTOR_READ)
async def list_(ctx: Call) -> list[Connector]:
    """Return all connectors by name: provider, the key's last four characters, the last test, and its users. Never the key."""
    return await service.list_connectors(ctx.work)


@connectors.mutation(permission=P.CONNECTOR_CONNECTOR_MANAGE, errors=(BaseUrlRefused, ConnectorNameTaken, NoKek, BadKek, ProviderDown))
async def create(ctx: Call, input: CreateConnector) -> Connector:
    """Store a provider's key, encrypted. It does not ask the provider; `test` does."""
    return await service.create(ctx.work, input)


@connectors.mutation(permission=P.CONNECTOR_CONNECTOR_MANAGE, errors=(ConnectorNotFound,))
async def test(ctx: Call, input: ConnectorRef) -> Connector:
    """Ask the provider for its models, which costs nothing. `last_test` reports a failure."""
    return await calls.test(ctx.work, input)


@connectors.mutation(permission=P.CONNECTOR_CONNECTOR_MANAGE, errors=(ConnectorNotFound, BaseUrlRefused, NoKek, BadKek, ProviderDown))
async def rotate(ctx: Call, input: RotateConnector) -> Connector:
    """Replace the key, at once for everything that uses the connector."""
    return await service.rotate(ctx.work, input)


@connectors.query(permission=P.CONNECTOR_CONNECTOR_USE, errors=(ConnectorNotFound, ConnectorDisabled, KeyUnreadable, BaseUrlRefused, *PROVIDER_ERRORS))
async def models(ctx: Call, input: ConnectorRef) -> list[ProviderModel]:
    """Return the models that the provider offers, each with its announced shutdown date."""
    return await calls.models(ctx.work, input)


@connectors.mutation(permission=P.CONNECTOR_CONNECTOR_MANAGE, errors=(ConnectorNotFound,))
async def disable(ctx: Call, input: ConnectorRef) -> Connector:
    """Disable the connector; the key stays stored."""
    return await service.set_disabled(ctx.work, input, disabled=True)


@connectors.mutation(permission=P.CONNECTOR_CONNECTOR_MANAGE, errors=(ConnectorNotFound,))
async def enable(ctx: Call, input: ConnectorRef) -> Connector:
    """Enable the connector again."""
    return await service.set_disabled(ctx.work, input, disabled=False)


@connectors.mutation(permission=P.CONNECTOR_CONNECTOR_MANAGE, errors=(ConnectorNotFound, ConnectorInUse))
async def delete(ctx: Call, input: ConnectorRef) -> DeletedConnector:
    """Delete the connector and its key permanently, unless something uses it."""
    return await service.delete(ctx.work, input)
