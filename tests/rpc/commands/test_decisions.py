"""`tiltyard decisions`: a rule tried and kept, final decisions told, overrides read, at the command line."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from backend.hub import Hub
from backend.settings import Settings
from rpc.cli import main
from rpc.commands.shared.ready import SignIn, keep_access
from schemas.groups import MemberRole
from schemas.inference import PredictBody
from tests.support.decisions import cut_at, split, with_rule
from tests.support.group import serve_group
from tests.support.predictions import ask, drain
from tests.support.tenants import Tenant

Tool = Callable[..., Any]


@pytest.fixture
def decisions(settings: Settings, tenant: Tenant) -> Tool:
    """Runs `tiltyard decisions` on the test's hub."""
    (settings.data_dir / "secrets").mkdir(exist_ok=True)
    keep_access(settings.data_dir, SignIn(email=tenant.email))
    environment = {
        "TILTYARD_DATA_DIR": str(settings.data_dir),
        "TILTYARD_DATABASE_URL": settings.database_url,
        "TILTYARD_REDIS_URL": settings.redis_url,
        "TILTYARD_SECRET_KEY": settings.secret_key,
    }

    async def run(*arguments: str, fails: bool = False) -> str:
        result: Result = await asyncio.to_thread(CliRunner().invoke, main, ["decisions", *arguments], env=environment)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    return run


async def test_from_a_rule_on_trial_to_the_overrides_of_its_decisions(decisions: Tool, hub: Hub, tenant: Tenant, tmp_path: Path) -> None:
    serving = await serve_group(hub, tenant)
    champion = await with_rule(hub, tenant, serving.champion, cut_at(1e9))
    group = await split(hub, tenant, serving.group.slug, (champion, MemberRole.CHAMPION, 10_000))
    answers = await ask(hub, tenant, group, PredictBody(inputs=[serving.inputs] * 4))
    await drain(hub, group)

    def file(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    shown = await decisions("show", group.slug)
    assert f"{champion.label} " in shown
    assert "Value table: none." in shown
    rule = file("rule.json", msgspec.json.encode(cut_at(-1e9)))
    assert "4 of 4 rows" in await decisions("try", group.slug, rule)
    assert "v1.5 is ready" in await decisions("set-rule", str(champion.id), rule)
    assert "Bands ascend" not in await decisions("try", group.slug, file("broken.json", b'{"bands": [{"below": 1}]}'), fails=True)
    lines = [
        msgspec.json.encode({"inference_id": one.inference_id, "decision": "decline" if at == 0 else "approve", "by": "ann"}) for at, one in enumerate(answers)
    ]
    told = file("told.jsonl", b"\n".join(lines))
    assert "4 applied, 0 revised, 0 waiting, 0 duplicate, 1 overrides of 4." in await decisions("record", group.slug, told)
    assert "4 duplicate" in await decisions("record", group.slug, told)
    figures = await decisions("overrides", group.slug)
    assert "1 of 4" in figures
    assert "approve -> decline: 1 of 4" in figures
    table = file("table.json", b'{"currency":"EUR","lowest":-5,"highest":1,"entries":[{"decision":"approve","outcome":"good","worth":{"constant":1}}]}')
    assert "Nobody has said which decisions reveal an outcome" in await decisions("value-table", group.slug, table)


async def test_cut_offs_swap_sets_and_explorations_are_read_at_the_command_line(decisions: Tool, hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    champion = await with_rule(hub, tenant, serving.champion, cut_at(1e9))
    shadow = await with_rule(hub, tenant, serving.champion, cut_at(-1e9))
    group = await split(hub, tenant, serving.group.slug, (champion, MemberRole.CHAMPION, 10_000), (shadow, MemberRole.SHADOW, 0))
    await ask(hub, tenant, group, PredictBody(inputs=[serving.inputs] * 3))
    await drain(hub, group)
    shown = await decisions("cutoffs", group.slug, "--approval-rate", "0.5")
    assert "approved" in shown
    assert f"0 of 3 mature applications of {champion.label} have an outcome." in shown
    assert "only answered" in await decisions("swap-set", group.slug)
    assert "This group has explored nothing." in await decisions("explorations", group.slug)
    tried = await decisions("try-cutoff", group.slug, "0.25", "--challenger", "5")
    assert f"is in {group.slug} as challenger, from phase 3 on" in tried
    assert "approve below 0.25" in await decisions("show", group.slug)


@pytest.mark.parametrize("command", [("set-rule", "019aca1e-0000-7000-8000-000000000000"), ("record", "any"), ("try", "any"), ("value-table", "any")])
async def test_a_file_that_is_no_json_is_named_with_what_is_wrong(decisions: Tool, tmp_path: Path, command: tuple[str, str]) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(b"{")
    said = await decisions(*command, str(path), fails=True)
    assert f"Error: {path}" in said
    assert "truncated" in said
