"""Keys of connectors in the vault: stored for one connector, provider and origin, and rewrapped. Canaries check the vault's own key."""

from dataclasses import dataclass
from uuid import UUID

from backend.actor import ANONYMOUS, Actor, system
from backend.connectors import actions, repository, rules
from backend.connectors.errors import BadKek, KeyUnreadable, NoKek
from backend.connectors.tables import ConnectorRow, SecretRow
from backend.hub import Hub
from backend.ports.secrets import Binding, Secret
from backend.work.unit import UnitOfWork

FIELD = "api_key"
REWRAP_RUN = "connectors.rewrap"


async def store(work: UnitOfWork, row: ConnectorRow, key: Secret) -> None:
    """Seal a connector's key and store it. Raises NoKek, BadKek."""
    await check_canaries(work)
    sealed = await work.hub.vault.seal(key, _binding(row))
    await repository.put_sealed(work.session, work.tenant_id, row.id, FIELD, sealed)


async def load(work: UnitOfWork, row: ConnectorRow) -> Secret:
    """Return a connector's key. Raises KeyUnreadable, also when the provider or origin has changed since the key was entered."""
    sealed = await repository.sealed(work.session, work.tenant_id, row.id, FIELD)
    if sealed is None:
        raise KeyUnreadable
    return await work.hub.vault.open(sealed, _binding(row))


async def check_canaries(work: UnitOfWork) -> None:
    """Raise BadKek when an available key-encryption key differs from the first one seen under its version. Record new ones."""
    known = await repository.canaries(work.session)
    vault = work.hub.vault
    fresh = await vault.canaries()
    wrong = [version for version in fresh if version in known and not await vault.recognises(version, known[version])]
    if wrong:
        versions = ", ".join(str(version) for version in wrong)
        raise BadKek(
            f"TILTYARD_KEK has a different key under version {versions} than the one that encrypted the stored secrets. Restore that key, or use a new version."
        )
    for version in fresh.keys() - known.keys():
        await repository.add_canary(work.session, version, fresh[version])


async def check_at_start(hub: Hub) -> None:
    """Check the keys; every process does so before it takes work. Raises BadKek."""
    async with hub.work(ANONYMOUS) as work:
        await check_canaries(work)


@dataclass(frozen=True)
class Rewrapped:
    """The number of rewrapped keys, and the connectors whose keys could not be read."""

    done: int
    unreadable: tuple[UUID, ...]


async def rewrap(hub: Hub, actor: Actor) -> Rewrapped:
    """Wrap the tenant's data keys by the current key-encryption key, each in its own transaction. It may be stopped and run again at any time.

    Connectors work meanwhile. Raises NoKek, BadKek.
    """
    current = hub.vault.current
    if current is None:
        raise NoKek
    async with hub.work(actor) as work:
        await check_canaries(work)
        rows = await repository.sealed_elsewhere(work.session, work.tenant_id, current)
    done, unreadable = 0, []
    for row in rows:
        try:
            done += await _rewrap_one(hub, actor, row)
        except KeyUnreadable:
            unreadable.append(row.connector_id)
    return Rewrapped(done, tuple(unreadable))


async def tenants_to_rewrap(hub: Hub) -> list[Actor]:
    """Return an actor for each tenant with keys to rewrap. Raises NoKek."""
    current = hub.vault.current
    if current is None:
        raise NoKek
    async with hub.work(ANONYMOUS, read_only=True) as work:
        return [system(tenant_id, "rewrap") for tenant_id in await repository.tenants_to_rewrap(work.session, current)]


async def _rewrap_one(hub: Hub, actor: Actor, row: SecretRow) -> bool:
    sealed = await hub.vault.rewrap(repository.sealed_of(row), Binding(row.connector_id, row.field, "", ""))
    async with hub.work(actor) as work:
        changed = await repository.replace_wrapping(work.session, row, sealed)
        if changed:
            before, after = {"kek_version": row.kek_version}, {"kek_version": sealed.kek_version}
            work.audit(actions.CONNECTORS_REWRAP, f"connector:{row.connector_id}", before, after)
    return changed


def _binding(row: ConnectorRow) -> Binding:
    return Binding(row.id, FIELD, row.provider, rules.origin(row.base_url))
