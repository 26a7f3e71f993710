"""The official tRPC client in a Node process, driven by snippets of its own language."""

import asyncio
import fcntl
import hashlib
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parents[1] / "node"


def install() -> Path:
    """`npm ci` in tests/node when its lock has changed; gives the folder. Parallel test workers wait for the one that installs."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = FOLDER / "node_modules" / ".installed"
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(FOLDER / "node_modules", ignore_errors=True)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=FOLDER, check=True, capture_output=True)
            stamp.write_text(wanted)
    return FOLDER


class SnippetError(AssertionError):
    """A snippet threw; `error` is what."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error
        super().__init__(error.get("stack") or error["message"])


def value_of(answer: dict[str, Any]) -> Any:
    """What a snippet returned. Raises SnippetError when it threw."""
    if "error" in answer:
        raise SnippetError(answer["error"])
    return answer["value"]


class Driver:
    """A Node process with the official client. `await driver.run("return await single().ping.query()")`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._ids = count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.ensure_future(self._read())

    @classmethod
    async def start(cls, origin: str, client: str = "newest") -> "Driver":
        """Start it against a server, with the `newest` official client or the `older` one."""
        command = ["node", str(install() / "driver.mjs"), origin, client]
        return cls(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=2**26))

    async def run(self, code: str, *, within: float = 20) -> Any:
        """What the snippet returns. Raises SnippetError when it throws, TimeoutError after `within` seconds."""
        key = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[key] = answer
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode({"id": key, "code": code}) + b"\n")
        await self._process.stdin.drain()
        return value_of(await asyncio.wait_for(answer, within))

    async def stop(self) -> None:
        """End the process."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            answer = msgspec.json.decode(line)
            waiting = self._waiting.pop(answer["id"])
            if not waiting.done():
                waiting.set_result(answer)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(SnippetError({"message": "the Node process ended"}))
