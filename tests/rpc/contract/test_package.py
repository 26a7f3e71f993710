"""The npm package: what is packed, and what a program that installs it can do."""

import json
import tarfile
from pathlib import Path

import httpx
import pytest

from rpc.core.contract.generate import generate, write
from rpc.root import root
from tests.rpc.core.conftest import wire_server
from tests.support.typescript import Compiler, install_contract, new_project, node, tsc
from tests.support.wire import app as wire_app

FILES = {
    "package/client.js",
    "package/client.ts",
    "package/contract.json",
    "package/contract.test-d.ts",
    "package/openapi.json",
    "package/package.json",
    "package/python/tiltyard_client.py",
    "package/router.d.ts",
    "package/router.d.ts.map",
    "package/zod.js",
    "package/zod.ts",
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the product's contract."""
    return install_contract(tmp_path_factory.mktemp("product"), root)


def test_the_package_holds_the_contract_and_no_code_of_the_server(product: Path) -> None:
    with tarfile.open(next(product.parent.glob("*.tgz"))) as packed:
        assert set(packed.getnames()) == FILES
    texts = {path.name: path.read_text() for path in (product / "node_modules/@tiltyard/contract").rglob("*") if path.is_file()}
    sources = json.loads(texts["router.d.ts.map"])
    assert "sourcesContent" not in sources
    for name in set(texts) - {"router.d.ts.map"}:
        assert not any(word in texts[name] for word in ("msgspec", "sqlalchemy", "import backend", "from backend", "from rpc")), name


@pytest.mark.parametrize("compiler", ["typescript", "typescript-7"])
def test_an_installed_package_is_typed_under_the_strictest_options(product: Path, compiler: Compiler) -> None:
    (product / "use.ts").write_text(
        """import { createHubClient, type Promotion, type RouterInputs } from '@tiltyard/contract';
import type { AppRouter } from '@tiltyard/contract/router';
import { inputs } from '@tiltyard/contract/zod';
const client = createHubClient({ url: 'http://127.0.0.1/rpc', headers: { authorization: 'Bearer tyd_x' } });
export const promote = (input: RouterInputs['groups']['promote']): Promise<Promotion> => client.groups.promote.mutate(input);
export const parse = (form: unknown): RouterInputs['groups']['create'] => inputs['groups.create'].parse(form);
export type Kinds = AppRouter['_def']['record']['groups']['list']['_def']['type'];
// @ts-expect-error a slug is text
void client.groups.get.query({ slug: 1 });
"""
    )
    assert tsc(product, "use.ts", "node_modules/@tiltyard/contract/contract.test-d.ts", compiler=compiler) == ""


def test_a_broken_import_is_noticed_by_the_packed_type_test_although_library_checks_are_skipped(tmp_path: Path) -> None:
    project = new_project(tmp_path / "project")
    write(root, project / "contract")
    types = project / "contract" / "router.d.ts"
    types.write_text(types.read_text().replace("'@trpc/server'", "'@trpc/no-such-package'"))
    assert "contract.test-d.ts" in tsc(project, "contract/contract.test-d.ts", skipLibCheck=True)


async def test_plain_node_calls_the_hub_through_the_installed_package(tmp_path: Path) -> None:
    project = install_contract(tmp_path, wire_app.root)
    async with wire_server() as origin:
        script = """
import { createHubClient, contractHash } from '@tiltyard/contract';
const changed = [];
const answer = (url, init) => fetch(url, init).then((r) => new Response(r.body, { status: r.status, headers: { 'x-tiltyard-contract': 'other' } }));
import { EventSource } from 'eventsource';
const client = createHubClient({ url: process.argv[2], token: 'tyd_x', EventSource, onContractChanged: (hash) => changed.push(hash), fetch: answer });
const [user, ping] = await Promise.all([client.user.byId.query('7'), client.ping.query()]);
const streamed = [];
for await (const item of await client.gen.query()) streamed.push(item);
const form = new FormData();
form.set('name', 'n'), form.set('file', new File(['abc'], 'a.txt', { type: 'text/plain' }));
const sizes = [(await client.upload.mutate(form)).size, await client.octets.mutate(new Uint8Array(3))];
const who = await new Promise((onData, onError) => client.whoami.subscribe(undefined, { onData, onError }));
console.log(JSON.stringify({ user, ping, streamed, sizes, who, changed, contractHash }));
process.exit();
"""
        told = node(project, script, f"{origin}/rpc")
        async with httpx.AsyncClient() as http:
            header = (await http.get(f"{origin}/rpc/ping")).headers["x-tiltyard-contract"]
    assert told == {
        "user": {"id": "7", "name": "u7", "role": "user"},
        "ping": "pong",
        "streamed": [1, 2],
        "sizes": [3, 3],
        "who": "tyd_x",
        "changed": ["other"],
        "contractHash": header,
    }


def test_what_has_no_types_is_what_has_types_compiled(tmp_path: Path) -> None:
    project = new_project(tmp_path / "project")
    files = generate(wire_app.root)
    for name in ("client.ts", "client.js", "zod.ts", "zod.js"):
        (project / name).write_text(files[name])
    compiled = node(
        project,
        """import ts from 'typescript'; import { readFileSync } from 'node:fs';
const options = { compilerOptions: { module: 'esnext', target: 'esnext', removeComments: true } };
const print = (file) => ts.transpileModule(readFileSync(file, 'utf8'), options).outputText;
console.log(JSON.stringify(['client', 'zod'].map((name) => [print(`${name}.ts`), print(`${name}.js`)])));
""",
    )
    for with_types, without in compiled:
        assert with_types == without
        assert "export" in without
