"""What the pages say is there, is there."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from rpc import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted({ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "demo").rglob("*.md")})
OWN = r"(?:backend|benchmarks|console|demo|docs|frontend-contract|migrations|rpc|schemas|tests|workers)/[\w./*-]*[\w*/]"


def ids(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(rf"`({OWN})`", page.read_text())
    built = ("console/dist", "console/node_modules")
    assert [name for name in named if not name.startswith(built) and not list(ROOT.glob(name.rstrip("/")))] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)(?=`|$|\s+#)", page.read_text(), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_and_option_that_a_page_names_in_passing_exists(page: Path) -> None:
    for said in re.findall(r"`tiltyard ([a-z][^`\n]*)`", page.read_text()):
        words = said.replace("…", "").split()
        command = cli.main.get_command(click.Context(cli.main), words[0])
        if isinstance(command, click.Group) and len(words) > 1:
            command = command.get_command(click.Context(command), words[1])
        assert command is not None, said
        options = {name for one in command.params for name in one.opts} | {"--help"}
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= options, said


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "docs/decisions/dependencies.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    names = {re.split(r"[<>=!~ \[]", line)[0] for line in wanted}
    for manifest in ("console/package.json", "tests/node/package.json"):
        package = json.loads((ROOT / manifest).read_text())
        names |= {*package.get("dependencies", {}), *package.get("devDependencies", {})}
    told = {word for row in text.splitlines() if row.startswith("|") for word in re.split(r"[,\s\[]+", row.split("|")[1])}
    told |= {f"@mantine/{word}" for word in told} | {f"@fontsource-variable/{word}" for word in told}
    assert names - told == set()


def test_locks_carry_no_address() -> None:
    files = subprocess.run(["git", "ls-files", "*package-lock.json", "requirements.lock"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert len(files) >= 2
    for name in files:
        assert not re.search(r'"resolved": "http|--(extra-)?index-url|@ https?://', (ROOT / name).read_text()), name
