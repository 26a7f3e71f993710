"""Calls to a provider for the people who manage its connector."""

import time

from backend.connectors import actions, repository, service
from backend.connectors.errors import BaseUrlRefused, KeyUnreadable, ProviderError
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.connectors import Connector, ConnectorRef, ConnectorTest, ProviderModel

TEST_SECONDS = 15.0
"""The longest a test or a list of models takes, in seconds. Its transaction waits meanwhile and holds no lock."""


async def test(work: UnitOfWork, input: ConnectorRef) -> Connector:
    """Ask the provider for its models, free of charge, and store the result, failures included. Raises ConnectorNotFound only."""
    row = await service.find(work, input.connector_id)
    started = time.monotonic()
    models: int | None = None
    failure: ProviderError | BaseUrlRefused | KeyUnreadable | None = None
    try:
        models = len(await work.hub.llm.models(await service.access_of(work, row), TEST_SECONDS))
    except (ProviderError, BaseUrlRefused, KeyUnreadable) as error:
        failure = error
    outcome = ConnectorTest(
        at=work.hub.clock.now(),
        ok=failure is None,
        latency_ms=round((time.monotonic() - started) * 1000),
        models=models,
        reason=failure.reason if failure else None,
        message=failure.message if failure else None,
    )
    await repository.note_test(work.session, work.tenant_id, row.id, plain(outcome))
    work.audit(actions.CONNECTORS_TEST, f"connector:{row.id}", after=outcome)
    await work.session.refresh(row)
    uses = await repository.uses(work.session, work.tenant_id)
    return service.connector_of(row, uses.get(row.id, []))


async def models(work: UnitOfWork, input: ConnectorRef) -> list[ProviderModel]:
    """Return the provider's models, each with its announced shutdown date. Raises ConnectorNotFound, ConnectorDisabled, ProviderError."""
    return await work.hub.llm.models(await service.access(work, input.connector_id), TEST_SECONDS)
