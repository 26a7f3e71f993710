"""The guide's page on imports says what holds."""

import json
import re
import shlex
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from backend.hub import Hub
from backend.settings import Settings
from rpc.cli import main
from rpc.commands.import_file import FIELDS, command
from rpc.core.inputs import JsonInput
from schemas.importing import Decision
from tests.support.procedures import PROCEDURES, do
from tests.support.tenants import Tenant
from tests.support.web import client_of, result

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/guide/import.md").read_text()
DOC14 = ROOT / "tests/backend/importing/fixtures/labelled/doc14.json"
COMMANDS = re.findall(r"^\$ (tiltyard import .*)$", PAGE, re.MULTILINE) + re.findall(r"`(tiltyard import [^`]+)`", PAGE)


def test_the_page_shows_commands() -> None:
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("written", COMMANDS)
def test_each_command_of_the_page_is_one_that_there_is(written: str) -> None:
    command.make_context("import", shlex.split(written)[2:])


def test_every_option_and_every_field_of_json_is_told() -> None:
    for option in (name for parameter in command.params for name in parameter.opts if name.startswith("--")):
        assert f"`{option}" in PAGE, option
    table = PAGE[PAGE.index("`--json` prints") : PAGE.index("## Over the procedures")]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == FIELDS


def test_the_lines_that_the_page_shows_are_what_the_command_prints(tmp_path: Path) -> None:
    file = tmp_path / "doc14.json"
    file.write_bytes(DOC14.read_bytes())
    printed = [line.split() for line in CliRunner().invoke(main, ["import", str(file), "--dry-run"]).output.splitlines()]
    shown = PAGE[PAGE.index("$ tiltyard import") :].split("```")[0].splitlines()[1:]
    assert [line for line in shown if line != "…" and line.split() not in printed] == []


def test_every_procedure_and_every_field_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:imports|models|mappings)\.\w+)`", PAGE))
    assert {"imports.propose", "imports.commit", "mappings.revoke"} <= named <= set(PROCEDURES)
    propose = PROCEDURES["imports.propose"].input
    assert isinstance(propose, JsonInput)
    fields = {field.encode_name for field in msgspec.structs.fields(propose.shape)}
    sentence = PAGE[PAGE.index("takes a form with the `file`") : PAGE.index("It returns a **draft**")]
    assert set(re.findall(r"`(\w+)`", sentence)) == fields
    for decision in re.findall(r'\{"source"[^}]+\}', PAGE):
        msgspec.json.decode(decision, type=Decision)


async def test_the_pages_requests_do_what_it_says(settings: Settings, hub: Hub, tenant: Tenant) -> None:
    body = re.search(r"-d '(\{\"draft_id\".*\})'", PAGE)
    assert body is not None
    async with client_of(settings, tenant.token) as http:
        draft = result(await http.post("/rpc/imports.propose", files={"file": ("metadata.json", DOC14.read_bytes())}))
        said = json.loads(body[1]) | {"draft_id": draft["draft_id"]}
        version = result(await http.post("/rpc/imports.commit", json=said))
    assert (version["model_name"], version["label"]) == ("Churn", "v1.0")
    assert await do(hub, tenant.admin, "imports.record", {"version_id": version["id"]})
