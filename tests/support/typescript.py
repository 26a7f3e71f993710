"""TypeScript projects that use a generated contract, and the compilers and servers that judge them."""

import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from rpc.core.contract.generate import write, write_map
from rpc.core.router import Router
from tests.support.node import install

Compiler = Literal["typescript", "typescript-7"]

STRICTEST = {
    "strict": True,
    "noEmit": True,
    "module": "esnext",
    "moduleResolution": "bundler",
    "target": "es2022",
    "types": [],
    "exactOptionalPropertyTypes": True,
    "isolatedModules": True,
    "noImplicitOverride": True,
    "noImplicitReturns": True,
    "noPropertyAccessFromIndexSignature": True,
    "noUncheckedIndexedAccess": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "verbatimModuleSyntax": True,
    "lib": ["es2022", "dom", "dom.iterable", "dom.asynciterable", "esnext.disposable"],
}


def new_project(folder: Path) -> Path:
    """A folder from which the official clients and the compilers can be reached."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "node_modules").symlink_to(install() / "node_modules")
    return folder


def install_contract(folder: Path, router: Router) -> Path:
    """A project with the packed contract in its node_modules; the official packages lie a folder above."""
    source = new_project(folder) / "source"
    write(router, source)
    write_map(router, source)
    (source / "secret.py").write_text("a file that is not the package's")
    subprocess.run(["npm", "pack", "--silent", "--pack-destination", folder], cwd=source, check=True, capture_output=True)
    scope = folder / "project" / "node_modules" / "@tiltyard"
    scope.mkdir(parents=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        packed.extractall(scope, filter="data")
    (scope / "package").rename(scope / "contract")
    return folder / "project"


def tsc(project: Path, *files: str, compiler: Compiler = "typescript", **options: Any) -> str:
    """What the compiler says of the project's files; nothing when all is well."""
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": {**STRICTEST, **options}, "files": files}))
    program = install() / "node_modules" / compiler / "bin" / "tsc"
    done = subprocess.run(["node", program, "-p", project], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def node(project: Path, script: str, *arguments: str) -> Any:
    """What a JavaScript module prints as JSON."""
    path = project / "script.mjs"
    path.write_text(script)
    done = subprocess.run(["node", path, *arguments], cwd=project, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Editor:
    """An editor's side of a language server's conversation."""

    def __init__(self, process: subprocess.Popen[bytes], *, headers: bool) -> None:
        self._process = process
        self._headers = headers

    def send(self, message: dict[str, Any]) -> None:
        """One message; the language server protocol puts a header before it, tsserver a line's end after it."""
        assert self._process.stdin
        body = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) if self._headers else body + b"\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """The next message."""
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            length = int(line.partition(b":")[2])
        answer: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return answer


@contextmanager
def editor(*command: str | os.PathLike[str], headers: bool) -> Iterator[Editor]:
    """A conversation with a server, which ends with it."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield Editor(process, headers=headers)
        finally:
            process.kill()
