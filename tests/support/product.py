"""A hub for tests: `tiltyard up` on a new data folder and a free port, driven from outside."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import psutil

ROOT = Path(__file__).resolve().parents[2]
TILTYARD = Path(sys.executable).with_name("tiltyard")
GROUP = "live_credit_scoring"
LOG_TABLE = "inference_log_live_credit_scoring"
START_SECONDS = 120


class Product:
    """One installation: its data folder, its supervisor process, and the contents of its ready file."""

    def __init__(self, folder: Path, output: Path, data: Path | None = None, port: int = 0, settings: Mapping[str, str] | None = None) -> None:
        self.folder, self.output, self._port, self._settings = folder, output, port, dict(settings or {})
        self.data = data or folder / "data"
        self.ready: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def supervisor(self) -> psutil.Process:
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def start(self) -> "Product":
        """Start it, or start it again on the same data. Return once the ready file exists."""
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [str(TILTYARD), "up", "--data-dir", str(self.data), "--port", str(self._port), "--ready-file", str(ready)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")} | self._settings
        with self.output.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        until(ready.exists, "the ready file", START_SECONDS, lambda: self._process is not None and self._process.poll() is not None, self.log)
        said = msgspec.json.decode(ready.read_bytes())
        self.ready = {**said, "password": said["password"] or self.ready.get("password")}  # only the first start shows it
        return self

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def kill(self) -> None:
        """Kill the supervisor with kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def child(self, module: str) -> psutil.Process:
        """Return the supervised child with this module in its command line."""
        found = [p for p in self.supervisor.children(recursive=True) if module in " ".join(_command(p))]
        assert found, f"no process runs {module}: {[_command(p) for p in self.supervisor.children(recursive=True)]}"
        return found[0]

    def leftovers(self) -> list[list[str]]:
        """Return processes that still name this data folder."""
        mark = str(self.data)
        return [_command(p) for p in psutil.process_iter() if p.pid != os.getpid() and mark in " ".join(_command(p))]

    def log(self) -> str:
        """Return the last lines that the product printed."""
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-40:])

    def demo(self, requests: int) -> str:
        """Run the demo client's first pass against this hub. Return its output."""
        token = self.folder / "token"
        token.write_text(self.ready["token"])
        command = [sys.executable, "-m", "demo", "--url", self.ready["url"], "--token-file", str(token), "--requests", str(requests), "--once"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.log()}"
        return done.stdout

    def client(self, token: str | None = "", **options: Any) -> httpx.AsyncClient:
        """Return an HTTP client with the ready file's token, another, or none (None)."""
        bearer = self.ready["token"] if token == "" else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
        return httpx.AsyncClient(base_url=self.ready["url"], headers=headers, timeout=30, limits=limits, trust_env=False, **options)

    async def call(self, procedure: str, /, **given: Any) -> Any:
        """Call a mutation."""
        async with self.client() as http:
            return data(await http.post(f"/rpc/{procedure}", json=given))

    async def ask(self, procedure: str, /, **given: Any) -> Any:
        """Call a query."""
        async with self.client() as http:
            return data(await http.get(f"/rpc/{procedure}", params={"input": msgspec.json.encode(given).decode()}))

    async def group(self, slug: str) -> Any:
        """Make a new group of the demo's two versions, 90 to 10, which the test may change freely."""
        ids = {version["label"]: version["id"] for version in await self.ask("models.versions", slug="credit_scoring")}
        members = [
            {"version_id": ids["v1.2"], "role": "champion", "share": 9_000},
            {"version_id": ids["v1.3"], "role": "challenger", "share": 1_000},
        ]
        return await self.call("groups.create", name=slug.replace("_", " ").title(), slug=slug, members=members)

    async def sql(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a query on the database as its owner."""
        connection = await asyncpg.connect(self.ready["database_url"])
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()


@contextmanager
def running(name: str, data: Path | None = None, port: int = 0, settings: Mapping[str, str] | None = None) -> Iterator[Product]:
    """Yield a started product, removed at the end in any case. Its output stays in artifacts-ci/. Its data folder may be elsewhere.

    `settings` are variables of its environment.
    """
    logs = ROOT / "artifacts-ci"
    logs.mkdir(exist_ok=True)
    output = logs / f"{name}.log"
    output.unlink(missing_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"tiltyard-{name}-"))
    folder.chmod(0o755)
    product = Product(folder, output, data, port, settings)
    try:
        yield product.start()
    finally:
        product.stop()
        shutil.rmtree(folder, ignore_errors=True)


def until(
    holds: Callable[[], bool], what: str, seconds: float = 30, failed: Callable[[], bool] = lambda: False, explain: Callable[[], str] = lambda: ""
) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert not failed(), f"Gave up waiting for {what}.\n{explain()}"
        assert time.monotonic() < deadline, f"No {what} after {seconds} s.\n{explain()}"
        time.sleep(0.05)


def data(answer: httpx.Response) -> Any:
    """The result of a procedure."""
    assert answer.status_code == 200, answer.text
    return answer.json()["result"].get("data")


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
