"""The typed procedures beside the official tRPC server on Node, standalone and under fastify: a validated query, a mutation, and ten queries in JSON lines.

All three authenticate a token by its hash, check a permission and validate the input; none has a database. Each server has one core, the load another; they
take turns, several rounds; the medians count. The load is `wrk` if installed, else autocannon.

The measure is requests per second of the server's own processor time, all its threads together. On an idle machine that is requests per second; on a busy one
it is still what one core can do. The last line is JSON: the multiple of Node's standalone server.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from backend.adapters.processes import free_port
from tests.support.node import FOLDER, install

ROOT = Path(__file__).parents[1]
TOKEN = "tyd_bench"
START_SECONDS = 180
GET = {"group": "live_credit_scoring", "limit": 10}
SPLIT = {"group": "live_credit_scoring", "members": [{"version": f"1.{i}.0", "share": 0.2, "ranges": [{"start": i * 9, "end": i * 9 + 8}]} for i in range(5)]}


@dataclass(frozen=True)
class Work:
    """One request: its target and body."""

    target: str
    body: bytes | None = None
    lines: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The request's headers."""
        told = {"authorization": f"Bearer {TOKEN}"}
        if self.body is not None:
            told["content-type"] = "application/json"
        if self.lines:
            told["trpc-accept"] = "application/jsonl"
        return told


@dataclass(frozen=True)
class Served:
    """A running server."""

    origin: str
    process: psutil.Process

    def processor_seconds(self) -> float:
        """Return the processor time used so far, in seconds."""
        used = self.process.cpu_times()
        return used.user + used.system


@dataclass(frozen=True)
class Run:
    """Requests answered per second, and per second of the server's processor time."""

    per_second: float
    per_processor_second: float


def _input(value: object) -> str:
    return quote(json.dumps(value, separators=(",", ":")))


WORKS = {
    "query": Work(f"/rpc/groups.get?input={_input(GET)}"),
    "mutation": Work("/rpc/groups.setSplit", body=json.dumps(SPLIT).encode()),
    "jsonl": Work(f"/rpc/{','.join(['groups.get'] * 10)}?batch=1&input={_input({str(i): GET for i in range(10)})}", lines=True),
}
SERVERS = {
    "tiltyard": [sys.executable, "-m", "benchmarks.rpc_server"],
    "node": ["node", str(FOLDER / "bench-server.mjs"), "standalone"],
    "fastify": ["node", str(FOLDER / "bench-server.mjs"), "fastify"],
}


def main() -> None:
    """Print a table and the ratios."""
    parser = argparse.ArgumentParser(prog="make bench-rpc", description=__doc__)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    install()
    seen: dict[tuple[str, str], list[Run]] = {}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(_serving(command)) for name, command in SERVERS.items()}
        for work in WORKS.values():
            for server in servers.values():
                _check(server.origin, work)
                _run(server, work, options.connections, 1.0)  # warm
        for _ in range(options.rounds):
            for what, work in WORKS.items():
                for name, server in servers.items():
                    seen.setdefault((what, name), []).append(_run(server, work, options.connections, options.seconds))
    _tell(seen)


def _tell(seen: dict[tuple[str, str], list[Run]]) -> None:
    ratios = {}
    print(f"{'requests/s':<20}" + "".join(f"{name:>12}" for name in SERVERS))
    for what in WORKS:
        walls = {name: statistics.median(run.per_second for run in seen[what, name]) for name in SERVERS}
        medians = {name: statistics.median(run.per_processor_second for run in seen[what, name]) for name in SERVERS}
        print(f"{what:<20}" + "".join(f"{rate:>12,.0f}" for rate in walls.values()))
        print(f"{'  of its own time':<20}" + "".join(f"{rate:>12,.0f}" for rate in medians.values()))
        ratios[f"{what}_vs_node"] = round(medians["tiltyard"] / medians["node"], 2)
        ratios[f"{what}_vs_fastify"] = round(medians["tiltyard"] / medians["fastify"], 2)
    print(json.dumps(ratios))


@contextmanager
def _serving(command: list[str]) -> Iterator[Served]:
    port = free_port()
    process = subprocess.Popen([*_pinned(0), *command, str(port)], cwd=ROOT, env={**os.environ, "NODE_ENV": "production"})
    try:
        yield Served(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(10)


def _pinned(core: int) -> list[str]:
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[core])] if len(cores) > 1 else []


def _check(origin: str, work: Work) -> None:
    """Check that the server runs and does the work."""
    request = urllib.request.Request(origin + work.target, data=work.body, headers=work.headers)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                said = answer.read().decode()
                assert said.count('"slug":"live_credit_scoring"') == (10 if work.lines else 1), said
                return
        except (ConnectionError, urllib.error.URLError) as error:
            if isinstance(error, urllib.error.HTTPError) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _run(server: Served, work: Work, connections: int, seconds: float) -> Run:
    before = server.processor_seconds()
    per_second, took = _load(server.origin, work, connections, seconds)
    return Run(per_second, per_second * took / (server.processor_seconds() - before))


def _load(origin: str, work: Work, connections: int, seconds: float) -> tuple[float, float]:
    """Return requests answered per second, and the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = _wrk(Path(folder), origin, work, connections, seconds) if shutil.which("wrk") else _autocannon(origin, work, connections, seconds)
        said = subprocess.run([*_pinned(1), *command], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(said)
    if found := re.search(r"(\d+) requests in ([\d.]+)s", said):
        return int(found[1]) / float(found[2]), float(found[2])
    told = json.loads(said)
    return float(told["requests"]["total"]) / float(told["duration"]), float(told["duration"])


def _wrk(folder: Path, origin: str, work: Work, connections: int, seconds: float) -> list[str]:
    script = folder / "request.lua"
    body = "nil" if work.body is None else json.dumps(work.body.decode())
    script.write_text(f'wrk.method = "{"GET" if work.body is None else "POST"}"\nwrk.body = {body}\n')
    headers = [part for name, value in work.headers.items() for part in ("-H", f"{name}: {value}")]
    return ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(script), *headers, origin + work.target]


def _autocannon(origin: str, work: Work, connections: int, seconds: float) -> list[str]:
    headers = [part for name, value in work.headers.items() for part in ("-H", f"{name}={value}")]
    body = [] if work.body is None else ["-m", "POST", "-b", work.body.decode()]
    return [str(FOLDER / "node_modules/.bin/autocannon"), "-j", "-c", str(connections), "-d", f"{seconds:g}", *headers, *body, origin + work.target]


if __name__ == "__main__":
    main()
