"""Every procedure, tried as every role and as another tenant."""

import asyncio
from contextlib import aclosing, suppress
from uuid import UUID

import msgspec
import pytest

from backend.access import tokens
from backend.access.permissions import ROLE_PERMISSIONS, P
from backend.actor import ANONYMOUS, Actor
from backend.alerts import settle as alerts
from backend.connectors import service as connectors
from backend.declarations.alerts import Finding
from backend.errors import Forbidden, HubError, Unauthorized
from backend.hub import Hub
from backend.importing import service as importing
from backend.runs import service as runs
from rpc.core.call import Exchange, authorise, call, stream
from rpc.core.context import Request
from rpc.core.procedure import Kind, Procedure
from rpc.host import ProductHost
from rpc.root import root
from schemas.access import Role
from schemas.alerts import Severity
from schemas.connectors import CreateConnector, Provider
from schemas.importing import ProposeImport
from tests.support.credit import document
from tests.support.group import Serving, serve_group
from tests.support.tenants import Tenant

UNKNOWN = "00000000-0000-7000-8000-000000000000"
PROCEDURES = dict(root.procedures())
PASSWORD = "a long password"


def inputs(serving: Serving, tenant: Tenant, token: UUID, run: UUID, connector: UUID, draft: UUID) -> dict[str, object]:
    """For each procedure an input that names what `tenant` owns. A new procedure needs a line here."""
    slug, version = {"slug": serving.group.slug}, {"version_id": serving.champion.id}
    person = {"person_id": tenant.admin.person_id}
    members = [{"version_id": serving.champion.id, "role": "champion", "share": 10_000}]
    return {
        "access.people.list": None,
        "access.people.create": {"email": "new@walk.example", "name": "New", "password": PASSWORD, "roles": ["viewer"]},
        "access.people.setRoles": {**person, "roles": ["viewer"]},
        "access.people.disable": person,
        "access.people.enable": person,
        "access.timeZone": None,
        "access.setTimeZone": {"time_zone": "Europe/Berlin"},
        "access.tokens.list": None,
        "access.tokens.create": {"name": "walk", "scopes": ["*"]},
        "access.tokens.revoke": {"token_id": token},
        "access.signIn": {"email": "nobody@walk.example", "password": PASSWORD},
        "access.signOut": None,
        "access.me": None,
        "access.changePassword": {"current": "wrong", "new": PASSWORD},
        "alerts.acknowledge": {"alert_id": UNKNOWN},
        "alerts.history": {},
        "alerts.list": {},
        "alerts.onAlert": None,
        "alerts.retention": None,
        "alerts.setRetention": {"days": 30},
        "alerts.silence": {"alert_id": UNKNOWN, "until": "2100-01-01T00:00:00Z", "reason": "walk"},
        "alerts.unsilence": {"alert_id": UNKNOWN},
        "audit.list": {},
        "audit.reanchor": {"reason": "walked through all"},
        "audit.verify": {},
        "connectors.list": None,
        "connectors.create": {"name": "Again", "provider": "openai", "api_key": "sk-walk-walk-walk"},
        "connectors.test": {"connector_id": connector},
        "connectors.rotate": {"connector_id": connector, "api_key": "sk-walk-walk-walk"},
        "connectors.models": {"connector_id": connector},
        "connectors.disable": {"connector_id": connector},
        "connectors.enable": {"connector_id": connector},
        "connectors.delete": {"connector_id": connector},
        "datasets.append": {"slug": "walk_rows", "rows": [{"key": "1", "values": {"a": 1}}]},
        "datasets.create": {"name": "Walk", "slug": "walk_rows", "kind": "decision_log"},
        "datasets.derive": {"slug": "walk_rows", "snapshot_id": UNKNOWN},
        "datasets.discardUpload": {"upload_id": UNKNOWN},
        "datasets.eraseEntity": {"slug": "walk_rows", "entity_key": "nobody", "confirm": "nobody", "reason": "walk"},
        "datasets.fromGroup": {"slug": "walk_rows", "group": serving.group.slug},
        "datasets.get": {"slug": "walk_rows"},
        "datasets.list": None,
        "datasets.preview": {"snapshot_id": UNKNOWN},
        "datasets.quality": {"snapshot_id": UNKNOWN},
        "datasets.sealRows": {"slug": "walk_rows"},
        "datasets.sealUpload": {"upload_id": UNKNOWN},
        "datasets.setLegalHold": {"slug": "walk_rows"},
        "datasets.setRetention": {"slug": "walk_rows", "days": 30},
        "datasets.snapshot": {"snapshot_id": UNKNOWN},
        "datasets.snapshots": {"slug": "walk_rows"},
        "datasets.waiting": {"slug": "walk_rows"},
        "decisions.configure": {**slug, "settings": {"approves": ["approve"]}},
        "decisions.approveExploration": {**slug, "exploration_id": UNKNOWN},
        "decisions.cutoffTrials": slug,
        "decisions.explorations": slug,
        "decisions.explore": slug,
        "decisions.get": slug,
        "decisions.overrides": slug,
        "decisions.requestExploration": {
            **slug,
            "terms": {"low": 0.2, "high": 0.3, "share": 0.02, "loss_budget": 10, "loss_each": 1, "until": "2027-01-01T00:00:00Z"},
        },
        "decisions.setValueTable": {**slug, "table": None},
        "decisions.stopExploration": {**slug, "exploration_id": UNKNOWN},
        "decisions.swapSet": slug,
        "decisions.tryCutoff": {**slug, "phase": 1, "cut": 0.2},
        "decisions.tryRule": {**slug, "rule": {"bands": [{"decision": "approve"}]}},
        "groups.list": None,
        "groups.get": slug,
        "groups.impact": {**slug, "version_ids": [serving.champion.id]},
        "imports.commitSeveral": {"draft_id": draft},
        "imports.setSharing": {"shows": "keys"},
        "imports.sharing": None,
        "imports.shown": {"draft_id": draft, "connector_id": connector},
        "imports.shownExample": {"shows": "keys"},
        "models.stateArtifact": {**version, "artifact": {}},
        "models.suggestSlug": {"name": "Walk"},
        "groups.create": {"name": "Again", "slug": "again", "members": members},
        "groups.setSplit": {**slug, "phase": 1, "members": members},
        "groups.phases": slug,
        "groups.comparison": slug,
        "groups.onComparison": slug,
        "groups.configure": {**slug, "settings": {}},
        "groups.halt": slug,
        "groups.haltVersion": version,
        "groups.halts": {},
        "groups.resume": slug,
        "groups.resumeVersion": version,
        "groups.rollback": {**slug, "phase": 1, "reason": "walk"},
        "groups.startRamp": {**slug, "phase": 1, "version_id": serving.challenger.id, "steps": [{"share": 2_000, "hold_seconds": 0}]},
        "groups.pauseRamp": slug,
        "groups.resumeRamp": slug,
        "groups.cancelRamp": slug,
        "groups.ramps": slug,
        "groups.replayRouting": slug,
        "groups.estimateSplit": {**slug, "members": [{"version_id": serving.champion.id, "share": 10_000}]},
        "groups.promote": {**slug, **version, "evidence_id": serving.group.id},
        "groups.promotions": slug,
        "groups.delete": {**slug, "confirm": serving.group.slug},
        "inference.predict": {**slug, "inputs": serving.inputs},
        "inference.browse": slug,
        "inference.get": {**slug, "inference_id": serving.group.id},
        "inference.rebuildTallies": slug,
        "inference.recordDecisions": {**slug, "decisions": [{"inference_id": UNKNOWN, "decision": "approve", "by": "walk"}]},
        "inference.recordOutcomes": {**slug, "outcomes": [{"actual": 1, "correlation_id": "walk"}]},
        "inference.traffic": slug,
        "inference.orphans": slug,
        "inference.exportLog": {**slug, "layout": "kserve"},
        "inference.importLog": {**slug, "layout": "databricks", "lines": ["{}"]},
        "inference.deadLetters": slug,
        "inference.replayDeadLetters": slug,
        "inference.discardDeadLetters": {**slug, "entry_ids": ["0-0"], "reason": "walk"},
        "inference.eraseEntity": {**slug, "entity_key": "nobody", "confirm": "nobody", "reason": "walk"},
        "groups.setRetention": {**slug, "days": 400},
        "groups.setLegalHold": slug,
        "groups.setWhenUnlogged": {**slug, "when_unlogged": "refuse"},
        "models.list": {},
        "models.get": {"slug": serving.model_slug},
        "models.create": {"name": "Walk", "slug": serving.model_slug},
        "models.versions": {"slug": serving.model_slug},
        "models.version": version,
        "models.createVersion": {"model": serving.model_slug, "version": "9.0", "document": document()},
        "models.createExternalVersion": {
            "model": serving.model_slug,
            "version": "9.1",
            "document": {"name": "Walk"},
            "external": {"connector_id": connector, "model": "gpt-test", "instructions": "Judge.", "prompt": "{{income}}"},
        },
        "models.setDecisionRule": {**version, "rule": {"bands": [{"decision": "approve"}]}},
        "models.archiveVersion": version,
        "imports.propose": {"name": "walk.json", "text": '{"model_name": "walk", "auc": 0.8}'},
        "imports.draft": {"draft_id": draft},
        "imports.revise": {"draft_id": draft, "decisions": []},
        "imports.commit": {"draft_id": draft},
        "imports.discard": {"draft_id": draft},
        "imports.reimport": version,
        "imports.record": version,
        "mappings.list": {},
        "mappings.revoke": {"mapping_id": draft},
        "runs.list": {},
        "runs.cancel": {"run_id": run},
        "runs.get": {"run_id": run},
        "runs.onProgress": {"run_id": run},
        "system.health": None,
    }


@pytest.fixture
async def serving(hub: Hub, tenant: Tenant) -> Serving:
    return await serve_group(hub, tenant)


@pytest.fixture
async def named(hub: Hub, tenant: Tenant, serving: Serving) -> dict[str, object]:
    async with hub.work(tenant.admin) as work:
        run = await runs.start(work, "tests.walk", "thing:walk", {})
        connector = await connectors.create(work, CreateConnector(name="Walk", provider=Provider.OPENAI, api_key="sk-walk-walk-walk"))
        token = next(token.id for token in await tokens.list_tokens(work))
    draft = await importing.propose(hub, tenant.admin, ProposeImport(name="walk.json", text='{"model_name": "walk", "auc": 0.8}'))
    return inputs(serving, tenant, token, run, connector.id, draft.draft_id)


async def attempt(hub: Hub, path: str, actor: Actor, said: object) -> bytes:
    """The answer; of a stream, what comes at the beginning."""
    exchange, procedure = Exchange(ProductHost(hub), Request(), actor=actor), PROCEDURES[path]
    raw = None if said is None else msgspec.Raw(msgspec.json.encode(said))
    if not procedure.streams:
        return await call(exchange, procedure, raw)
    heard = []
    async with aclosing(stream(exchange, procedure, raw)) as items:
        with suppress(TimeoutError):
            async with asyncio.timeout(3) as limit:
                async for item in items:
                    heard.append(procedure.output.encode(item))
                    limit.reschedule(asyncio.get_running_loop().time() + 0.3)
    return b"\n".join(heard)


def test_every_procedure_names_a_permission_and_is_walked() -> None:
    assert all(isinstance(procedure.permission, P) for procedure in PROCEDURES.values())
    assert {path for path, procedure in PROCEDURES.items() if procedure.permission is P.ANYONE} == {"access.signIn"}


@pytest.mark.parametrize("role", Role)
async def test_a_role_may_call_what_its_permissions_say_and_nothing_else(hub: Hub, tenant: Tenant, role: Role) -> None:
    actor = tenant.acting_as(role)
    allowed = {path for path, procedure in PROCEDURES.items() if _authorised(hub, procedure, actor)}
    expected = {
        path for path, procedure in PROCEDURES.items() if procedure.permission in {P.ANYONE, P.SIGNED_IN} or procedure.permission in ROLE_PERMISSIONS[role]
    }
    assert allowed == expected


def _authorised(hub: Hub, procedure: Procedure, actor: Actor) -> bool:
    try:
        authorise(Exchange(ProductHost(hub), Request(), actor=actor), procedure)
    except Forbidden:
        return False
    return True


def test_an_auditor_and_a_viewer_change_nothing() -> None:
    for role in (Role.AUDITOR, Role.VIEWER):
        changing = {path for path, one in PROCEDURES.items() if one.kind is Kind.MUTATION and one.permission in ROLE_PERMISSIONS[role]}
        assert changing == set()


async def test_a_refused_call_never_reaches_its_handler(hub: Hub, tenant: Tenant, named: dict[str, object]) -> None:
    assert set(named) == set(PROCEDURES), "each procedure has an input to be tried with"
    for path, procedure in PROCEDURES.items():
        if procedure.permission is P.ANYONE:
            continue
        with pytest.raises(Unauthorized):
            await attempt(hub, path, ANONYMOUS, named[path])
        if procedure.permission is not P.SIGNED_IN:
            powerless = msgspec.structs.replace(tenant.admin, permissions=frozenset())
            with pytest.raises(Forbidden):
                await attempt(hub, path, powerless, named[path])


async def test_every_stream_tells_those_who_may_hear_it_what_is_theirs(hub: Hub, tenant: Tenant, serving: Serving, named: dict[str, object]) -> None:
    async with hub.work(tenant.admin) as work:
        await alerts.settle(work, {"tests.fact"}, [Finding("tests.fact", "thing:1", Severity.MEDIUM, "It is so.", "Mend it.")])
    streams = [path for path, procedure in PROCEDURES.items() if procedure.streams]
    heard = {path: (await attempt(hub, path, tenant.admin, named[path])).decode() for path in streams}
    assert serving.group.slug in heard.pop("groups.onComparison")
    assert "tests.walk" in heard.pop("runs.onProgress")
    assert "tests.fact" in heard.pop("alerts.onAlert")
    assert heard == {}, "a new stream needs a line here"


async def test_another_tenant_reaches_nothing_by_any_procedure(
    hub: Hub, tenant: Tenant, other_tenant: Tenant, serving: Serving, named: dict[str, object]
) -> None:
    """The other tenant's administrator names what is not theirs: they get not-found, or their own (empty) things; nothing of ours changes."""
    before = await _state(hub, tenant)
    ours = [str(serving.group.id), str(serving.champion.id), str(serving.challenger.id), serving.group.table_name, tenant.email]
    for path in PROCEDURES:
        if path.startswith("access.sign") or path == "access.changePassword":
            continue
        try:
            answer = (await attempt(hub, path, other_tenant.admin, named[path])).decode()
        except HubError as error:
            answer = str(error.message)
        if path not in {"models.create", "groups.create"}:
            assert not [mine for mine in ours if mine in answer], path
    assert await _state(hub, tenant) == before


async def test_asking_for_the_same_twice_is_no_failure_of_the_hub(hub: Hub, tenant: Tenant, serving: Serving, named: dict[str, object]) -> None:
    """Whoever asks again is told in words that it cannot be, or gets what is so already; and is on record."""
    slug = {"slug": serving.group.slug}
    ramp = ["groups.startRamp", "groups.pauseRamp", "groups.resumeRamp", "groups.cancelRamp", "groups.halt", "groups.haltVersion", "groups.resume"]
    elsewhere = {
        "connectors.test",
        "access.changePassword",
        "access.signOut",
        "access.people.disable",
        "access.people.setRoles",
    }  # of a provider, of whoever asks
    rest = [path for path, one in PROCEDURES.items() if one.kind is Kind.MUTATION and path not in {*ramp, *elsewhere, "groups.delete"}]
    for path in [*ramp, *rest, "groups.delete"]:
        for _ in range(2):
            with suppress(HubError):
                assert await attempt(hub, path, tenant.admin, named[path])
    with pytest.raises(HubError):
        await attempt(hub, "groups.get", tenant.admin, slug)


async def _state(hub: Hub, tenant: Tenant) -> list[str]:
    without_input = {"access.people.list", "connectors.list", "groups.list"}
    paths = ("access.people.list", "alerts.list", "connectors.list", "groups.list", "models.list", "runs.list", "audit.list")
    return [(await attempt(hub, path, tenant.admin, None if path in without_input else {})).decode() for path in paths]
