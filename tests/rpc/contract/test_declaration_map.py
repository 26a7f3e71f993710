"""Go-to-definition on a client's call opens the Python function: asked of the servers that editors ask."""

import re
from pathlib import Path
from typing import Any

import pytest

from rpc.core.contract.__main__ import main
from rpc.core.contract.generate import write, write_map
from rpc.root import root
from tests.support.typescript import editor, new_project

CHECKOUT = Path(__file__).parents[3]
USE = """import { createHubClient, type CreateGroup, type NotAChallenger } from './contract/client.js';
const client = createHubClient();
void client.groups.promote.mutate({} as never);
void client.access.people.list.query();
export type Threshold = CreateGroup['threshold'];
export type Refusal = NotAChallenger;
"""
PLACES = [
    ("promote", "rpc/groups/promotion.py", "async def promote("),
    ("groups.", "rpc/groups/definition.py", 'groups = Router("groups")'),
    ("list.", "rpc/people.py", "async def list_("),
    ("people", "rpc/people.py", 'people = Router("people")'),
    ("NotAChallenger;", "backend/groups/errors.py", "class NotAChallenger("),
    ("CreateGroup[", "schemas/groups.py", "class CreateGroup("),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TypeScript project with the product's contract, mapped."""
    folder = new_project(tmp_path_factory.mktemp("map"))
    write(root, folder / "contract")
    write_map(root, folder / "contract")
    (folder / "use.ts").write_text(USE)
    (folder / "tsconfig.json").write_text('{"compilerOptions": {"strict": true, "module": "esnext", "moduleResolution": "bundler", "skipLibCheck": true}}')
    return folder


def position(word: str) -> tuple[int, int]:
    """Line and column of a word's first use after the imports, counted from 0."""
    at = USE.index(word, USE.index("\n"))
    return USE.count("\n", 0, at), at - USE.rindex("\n", 0, at) - 1


def check(found: Any, line: int, file: str, declaration: str) -> None:
    """The place found is that declaration."""
    assert Path(str(found)).resolve() == CHECKOUT / file
    assert (CHECKOUT / file).read_text().splitlines()[line].startswith(declaration)


@pytest.mark.parametrize(("word", "file", "declaration"), PLACES)
def test_the_server_of_typescript_5_goes_to_the_python_source(project: Path, word: str, file: str, declaration: str) -> None:
    line, column = position(word)
    with editor("node", project / "node_modules/typescript/lib/tsserver.js", "--disableAutomaticTypingAcquisition", headers=False) as server:
        server.send({"seq": 1, "type": "request", "command": "open", "arguments": {"file": str(project / "use.ts")}})
        where = {"file": str(project / "use.ts"), "line": line + 1, "offset": column + 2}
        server.send({"seq": 2, "type": "request", "command": "definitionAndBoundSpan", "arguments": where})
        while (answer := server.receive()).get("request_seq") != 2:
            pass
    found = answer["body"]["definitions"][0]
    check(found["file"], found["start"]["line"] - 1, file, declaration)
    assert (found["contextStart"]["line"], found["contextEnd"]["line"]) == (found["start"]["line"],) * 2


def test_the_server_of_typescript_7_goes_there_too(project: Path) -> None:
    line, column = position("promote")
    file = (project / "use.ts").as_uri()
    with editor("node", project / "node_modules/typescript-7/bin/tsc", "--lsp", "--stdio", headers=True) as server:
        server.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "rootUri": project.as_uri(), "capabilities": {}}})
        while server.receive().get("id") != 1:
            pass
        server.send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
        opened = {"uri": file, "languageId": "typescript", "version": 1, "text": USE}
        server.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": opened}})
        where = {"textDocument": {"uri": file}, "position": {"line": line, "character": column + 1}}
        server.send({"jsonrpc": "2.0", "id": 2, "method": "textDocument/definition", "params": where})
        while "result" not in (answer := server.receive()) or answer.get("id") != 2:
            if "method" in answer and "id" in answer:
                server.send({"jsonrpc": "2.0", "id": answer["id"], "result": [{} for _ in answer.get("params", {}).get("items", [])]})
    found = answer["result"][0] if isinstance(answer["result"], list) else answer["result"]
    check(re.sub("^file://", "", found["uri"]), found["range"]["start"]["line"], "rpc/groups/promotion.py", "async def promote(")


def test_the_map_is_made_on_its_own_and_lies_beside_the_types(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--map", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["router.d.ts.map"]
    assert "router.d.ts.map" in capsys.readouterr().out
