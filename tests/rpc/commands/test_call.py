"""`tiltyard call` and `tiltyard contract show`: procedures at the command line, as over HTTP."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from backend.access.operator import make_administrator
from backend.hub import Hub
from backend.settings import Settings
from rpc.cli import main
from rpc.commands.shared.ready import SignIn, keep_access
from rpc.root import root
from tests.support.tenants import Tenant

Tool = Callable[..., Any]


@pytest.fixture
def call(settings: Settings, tenant: Tenant) -> Tool:
    """Runs `tiltyard call` on the test's hub."""
    (settings.data_dir / "secrets").mkdir(exist_ok=True)
    keep_access(settings.data_dir, SignIn(email=tenant.email))
    environment = {
        "TILTYARD_DATA_DIR": str(settings.data_dir),
        "TILTYARD_DATABASE_URL": settings.database_url,
        "TILTYARD_REDIS_URL": settings.redis_url,
        "TILTYARD_SECRET_KEY": settings.secret_key,
    }

    async def run(*arguments: str, input: str | None = None, **more: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, main, ["call", *arguments], input=input, env={**environment, **more})

    return run


async def test_a_query_prints_its_result(call: Tool, tenant: Tenant) -> None:
    done = await call("access.me")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["email"] == tenant.email
    assert len(done.stdout.splitlines()) > 3


async def test_a_mutation_commits_and_the_audit_log_tells_by_whom(call: Tool, tenant: Tenant) -> None:
    made = await call("models.create", '{"name": "Churn", "slug": "churn"}')
    assert (made.exit_code, made.stderr) == (0, "")
    assert [model["slug"] for model in json.loads((await call("models.list")).stdout)["items"]] == ["churn"]
    entries = json.loads((await call("audit.list", "{}")).stdout)["items"]
    assert f"{tenant.email} (command line)" in {entry["actor"] for entry in entries}


async def test_the_input_comes_from_a_file_or_standard_input_as_well(call: Tool, tmp_path: Path) -> None:
    given = '{"name": "Churn", "slug": "churn_2"}'
    (tmp_path / "input.json").write_text(given)
    assert (await call("models.create", f"@{tmp_path / 'input.json'}")).exit_code == 0
    assert "SLUG_TAKEN" in (await call("models.create", "-", input=given)).stderr
    missing = await call("models.create", f"@{tmp_path / 'nothing'}")
    assert missing.exit_code == 2
    assert "cannot be read: No such file" in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["models.get", '{"slug": "nothing"}'], 4, ["MODEL_NOT_FOUND", "NOT_FOUND · 404", "There is no model 'nothing'"]),
        (["models.get", '{"slug": "No"}'], 2, ["INVALID", "/slug: "]),
        (["models.get", '{"slug"'], 2, ["MALFORMED_REQUEST", "not JSON"]),
        (["models.get"], 2, ["INVALID", "an input is required"]),
        (["models.gett"], 2, ["there is no procedure 'models.gett'. Did you mean models.get"]),
        (["qqqqqq"], 2, ["`tiltyard contract show` lists all"]),
        (["models.list", "--email", "nobody@nowhere.example"], 4, ["PERSON_NOT_FOUND", "Nobody signs in as nobody@nowhere.example"]),
        (["models.list", "--token", "tyd_wrong"], 3, ["UNAUTHORIZED", "unknown, expired or revoked"]),
    ],
)
async def test_what_is_wrong_is_told_with_code_reason_and_place(call: Tool, arguments: list[str], code: int, said: list[str]) -> None:
    done = await call(*arguments)
    assert done.exit_code == code, done.stderr
    assert done.stdout == ""
    for words in said:
        assert words in done.stderr


async def test_others_can_be_acted_for_with_what_they_may_do(call: Tool, tenant: Tenant) -> None:
    person = {"email": "v@example.com", "name": "V", "password": "a long password", "roles": ["viewer"]}
    await call("access.people.create", json.dumps({**person, "email": f"v-{tenant.email}"}))
    refused = await call("models.create", '{"name": "A", "slug": "a"}', "--email", f"v-{tenant.email}")
    assert refused.exit_code == 3
    assert "FORBIDDEN" in refused.stderr
    assert "catalog:model:write" in refused.stderr


async def test_a_token_acts_with_its_scopes(call: Tool, tenant: Tenant) -> None:
    made = await call("access.tokens.create", '{"name": "reader", "scopes": ["catalog:model:read"]}')
    secret = json.loads(made.stdout)["secret"]
    assert (await call("models.list", TILTYARD_TOKEN=secret)).exit_code == 0
    assert (await call("runs.list", TILTYARD_TOKEN=secret)).exit_code == 3


async def test_somebody_disabled_is_not_acted_for(call: Tool, hub: Hub, tenant: Tenant) -> None:
    email = f"d-{tenant.email}"
    made = await call("access.people.create", json.dumps({"email": email, "name": "D", "password": "a long password", "roles": ["viewer"]}))
    await call("access.people.disable", json.dumps({"person_id": json.loads(made.stdout)["id"]}))
    assert f"{email} is disabled" in (await call("models.list", "--email", email)).stderr
    await make_administrator(hub, email)
    assert (await call("models.list", "--email", email)).exit_code == 0


async def test_without_a_kept_sign_in_somebody_must_be_named(call: Tool, settings: Settings) -> None:
    keep_access(settings.data_dir, SignIn())
    done = await call("models.list")
    assert done.exit_code == 1
    assert "--email" in done.stderr


def test_a_hub_that_does_not_run_is_told_so(tmp_path: Path) -> None:
    given = {"TILTYARD_DATABASE_URL": None, "TILTYARD_REDIS_URL": None}
    done = CliRunner().invoke(main, ["call", "models.list", "--data-dir", str(tmp_path)], env=given)
    assert done.exit_code == 1
    assert "`tiltyard up` starts them" in done.stderr


def show(*path: str) -> Result:
    return CliRunner().invoke(main, ["contract", "show", *path])


def test_contract_show_tells_all_about_a_procedure() -> None:
    told = show("groups.promote").output
    for words in ("groups.promote  mutation", "Needs `group:group:promote`.", "Input  Promote", "evidence_id: string;", "Output  Promotion"):
        assert words in told
    assert told.index("interface Promotion ") < told.index("interface Group ")
    assert "STALE_EVIDENCE  CONFLICT · 409" in told
    assert "Input  ListModels (may be left out)" in show("models.list").output
    assert "Input  none" in show("access.me").output


def test_contract_show_lists_a_router_or_everything() -> None:
    assert [line.split()[0] for line in show("access.people").output.splitlines()] == [
        path for path, _ in root.procedures() if path.startswith("access.people.")
    ]
    assert len(show().output.splitlines()) == len(list(root.procedures()))
    assert show("group").exit_code == 2
    assert "Did you mean groups" in show("group").output
