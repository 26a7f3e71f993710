"""Every snippet of the guide to procedures, run as it stands."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from backend.access.permissions import P
from backend.actor import Actor
from rpc.core import Request, Router
from rpc.core.contract.generate import generate
from rpc.core.http import RpcApp
from rpc.root import root
from tests.support.product import GROUP, ROOT, TILTYARD, Product
from tests.support.typescript import install_contract, tsc

PAGE = (ROOT / "docs" / "guide" / "rpc.md").read_text()
SNIPPETS = dict(re.findall(r"^```\w+\n(?:#|//) (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
TYPES = ["@types/react", "csstype"]
RAN = {"rpc/greetings.py", "groups.mjs", "promote.ts", "form.ts", "Groups.tsx", "report.py", "curl.sh", "call.sh"}


class OneCaller:
    """A host whose caller may read groups."""

    hub = None

    async def authenticate(self, request: Request) -> Actor:
        return Actor(kind="person", name="Ada", permissions=frozenset({P.GROUP_GROUP_READ}))

    @asynccontextmanager
    async def work(self, actor: Actor, *, read_only: bool) -> AsyncIterator[Any]:
        yield SimpleNamespace(audited=0, amended=lambda answer: answer)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the contract, with the guide's TypeScript in it; React's types are the console's."""
    folder = install_contract(tmp_path_factory.mktemp("guide"), root)
    for name in TYPES:
        (folder / "node_modules" / name).parent.mkdir(exist_ok=True)
        (folder / "node_modules" / name).symlink_to(ROOT / "console" / "node_modules" / name)
    for name in ("promote.ts", "form.ts", "Groups.tsx", "groups.mjs"):
        (folder / name).write_text(SNIPPETS[name])
    (folder / "node.d.ts").write_text("declare const process: { env: { TILTYARD_URL?: string; TILTYARD_TOKEN?: string } };\n")
    return folder


def environment(product: Product) -> dict[str, str]:
    """The two variables that the guide speaks of, and the command on the path."""
    path = f"{TILTYARD.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "TILTYARD_URL": product.ready["url"], "TILTYARD_TOKEN": product.ready["token"]}


def run(command: list[str | Path], folder: Path, given: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_snippet_is_run_here() -> None:
    assert set(SNIPPETS) == RAN
    assert len(re.findall(r"^```(?!console)\w", PAGE, re.MULTILINE)) == len(RAN)


async def test_a_declared_procedure_can_be_called_and_is_in_the_contract() -> None:
    module: dict[str, Any] = {"__name__": "rpc.greetings"}
    exec(compile(SNIPPETS["rpc/greetings.py"], "rpc/greetings.py", "exec"), module)
    with_it = Router("", module["greetings"])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(RpcApp(with_it, OneCaller())), base_url="http://hub.example/rpc") as http:
        answer = await http.get("greetings.sayHello", params={"input": '{"slug": "loans"}'})
    assert answer.json() == {"result": {"data": "Hello, loans, from Ada"}}
    assert "Greet a group." in generate(with_it)["router.d.ts"]


def test_the_typescript_is_typed(project: Path) -> None:
    assert tsc(project, "node.d.ts", "promote.ts", "form.ts", "Groups.tsx", jsx="react-jsx", exactOptionalPropertyTypes=False, skipLibCheck=True) == ""


def test_node(product: Product, project: Path) -> None:
    assert f"{GROUP}: phase " in run(["node", "groups.mjs"], project, environment(product))


def test_the_packages_install_into_an_empty_folder_by_the_lines_as_they_stand(product: Product, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "frontend-contract", tmp_path / "frontend-contract")
    lines = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE) + re.findall(r"`(npm install [^`]+)`", PAGE)
    assert [line.split()[1] for line in lines] == ["pack", "install", "install", "install"]
    given = environment(product) | {"npm_config_audit": "false", "npm_config_fund": "false"}
    run(["bash", "-euo", "pipefail", "-c", "\n".join(lines)], tmp_path, given)
    (tmp_path / "groups.mjs").write_text(SNIPPETS["groups.mjs"])
    (tmp_path / "form.mjs").write_text("import { inputs } from '@tiltyard/contract/zod'; console.log(inputs['models.create'].safeParse({}).success)")
    assert f"{GROUP}: phase " in run(["node", "groups.mjs"], tmp_path, given)
    assert run(["node", "form.mjs"], tmp_path, given) == "false\n"


def test_errors_and_forms_in_typescript(product: Product, project: Path) -> None:
    script = """
import { promote } from './promote.mjs'; import { problems } from './form.mjs';
const id = '00000000-0000-7000-8000-000000000000';
const refused = await promote({ slug: 'live_credit_scoring', version_id: id, evidence_id: id });
console.log(JSON.stringify([refused, await promote({ slug: 'No', version_id: id, evidence_id: id }), problems({ name: 'A', slug: 'No' })]));
"""
    bundle(project, "promote.ts", "promote.mjs")
    bundle(project, "form.ts", "form.mjs")
    (project / "refused.mjs").write_text(script)
    refused, misspelt, wrong = json.loads(run(["node", "refused.mjs"], project, environment(product)))
    assert refused == "look at the comparison again"
    assert misspelt.startswith("/slug: ")
    assert [line.split(":")[0] for line in wrong] == ["slug"]


def bundle(project: Path, source: str, target: str) -> None:
    """Compile a module, its own imports left as they are."""
    program = project.parent / "node_modules" / "esbuild" / "bin" / "esbuild"
    command = [program, source, "--bundle", "--packages=external", "--format=esm", "--jsx=automatic", f"--outfile={target}", "--log-level=warning"]
    subprocess.run(command, cwd=project, check=True)


def test_react(product: Product, project: Path) -> None:
    (project / "page.tsx").write_text(
        """import { renderToString } from 'react-dom/server';
import { App, queryClient, trpc } from './Groups';
await queryClient.prefetchQuery(trpc.groups.list.queryOptions());
console.log(renderToString(<App />));
process.exit();
"""
    )
    bundle(project, "page.tsx", "page.mjs")
    assert "<li>" in run(["node", "page.mjs"], project, environment(product))


def test_python(product: Product, tmp_path: Path) -> None:
    shutil.copy(ROOT / "frontend-contract" / "python" / "tiltyard_client.py", tmp_path)
    (tmp_path / "report.py").write_text(SNIPPETS["report.py"])
    told = run([sys.executable, "report.py"], tmp_path, environment(product))
    assert f"{GROUP}: v1.2" in told
    assert "GROUP_NOT_FOUND" in told


def test_curl(product: Product, tmp_path: Path) -> None:
    told = run(["bash", "-euo", "pipefail", "-c", SNIPPETS["curl.sh"]], tmp_path, environment(product))
    assert told.count('"result"') == 3


def test_the_command_line(product: Product, tmp_path: Path) -> None:
    given = environment(product) | {"TILTYARD_DATA_DIR": str(product.folder / "data")}
    del given["TILTYARD_TOKEN"]
    told = run(["bash", "-euo", "pipefail", "-c", SNIPPETS["call.sh"]], tmp_path, given)
    assert GROUP in told
    assert '"slug": "by_hand"' in told
