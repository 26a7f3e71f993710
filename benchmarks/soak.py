"""Predictions under load while API process, worker, Redis and PostgreSQL are killed (-9) in random order, and restarted by their supervisor.

Then each answer is looked up in the log. The last line is JSON. `lost` counts answers without their row (or with a different row). `twice` counts requests and
inferences with more than one row, `logged_unanswered` rows with an interrupted answer.
"""

import argparse
import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import psutil

from demo.dataset import Clients
from demo.dataset import load as load_clients
from tests.support.product import GROUP, LOG_TABLE, Product, running

CONNECTIONS = 12
TARGETS = {"API process": "rpc.cli serve", "worker": "workers.main", "Redis": "valkey-server", "PostgreSQL": "bin/postgres"}
"""Parts of the command lines of the processes to kill."""
BETWEEN = (1, 100)
"""Number of answers before the next kill, unless none come."""
BURST = 0.3
"""Probability that the next kill follows at once: several are down together, or one dies while starting."""
PATIENCE_SECONDS = 15.0
SETTLE_SECONDS = 120.0


@dataclass
class Asked:
    """What clients know: their score by inference id, the repeated requests, and other answers."""

    answers: dict[str, float] = field(default_factory=dict)
    requests: int = 0
    differing: list[str] = field(default_factory=list)
    """Requests answered twice, each time with another inference."""
    said: Counter[int] = field(default_factory=Counter)


def main() -> None:
    """Run the soak and print its figures; the exit code is 1 when an answer is lost or doubled."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--seed", type=int, default=None, help="the same seed, the same order of kills and pauses")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"  seed {seed}")
    with running("soak") as hub:
        hub.demo(100)
        found = asyncio.run(soak(hub, options.kills, seed, options.connections))
    print(json.dumps(found))
    raise SystemExit(1 if found["lost"] or found["twice"] else 0)


async def soak(hub: Product, kills: int, seed: int, connections: int = CONNECTIONS) -> dict[str, int]:
    """Send requests and kill processes, then count. The hub's demo group must exist."""
    before = {row["inference_id"] for row in await hub.sql(f"SELECT inference_id FROM {LOG_TABLE}")}
    asked = Asked()
    over = asyncio.Event()
    clients = load_clients()[1]
    asking = [asyncio.create_task(_ask(hub, clients, asked, over, part)) for part in range(connections)]
    killed = await _kill(hub, kills, random.Random(seed), asked)
    over.set()
    await asyncio.gather(*asking)
    print(f"  killed {dict(killed)}; {asked.requests:,} requests, answered {dict(asked.said)}")
    rows = await _settled(hub, asked)
    return {"kills": kills} | _count(asked, [row for row in rows if row["inference_id"] not in before])


async def _ask(hub: Product, clients: Clients, asked: Asked, over: asyncio.Event, part: int) -> None:
    """Send one client after another. A request with a key is sent again until it is answered; one without is given up when it is cut off."""
    number = part
    async with hub.client() as http:
        while not over.is_set():
            number += CONNECTIONS
            asked.requests += 1
            body = {"inputs": clients.inputs(number % 3_000), "entity_key": f"client-{number % 500}", "correlation_id": f"{uuid4()}"}
            keyed = number % 3 == 0
            for _ in range(400 if keyed else 1):
                if await _send(http, body, keyed, asked):
                    break
                await asyncio.sleep(0.1)


async def _send(http: httpx.AsyncClient, body: dict[str, Any], keyed: bool, asked: Asked) -> bool:
    headers = {"Idempotency-Key": body["correlation_id"]} if keyed else {}
    try:
        answer = await http.post(f"/v1/groups/{GROUP}/predict", json=body, headers=headers)
    except httpx.TransportError:
        asked.said[0] += 1
        return False
    asked.said[answer.status_code] += 1
    if answer.status_code != 200:
        assert answer.status_code == 503, answer.text
        return False
    said = answer.json()
    asked.answers[said["inference_id"]] = said["score"]
    if keyed and random.random() < 0.2:  # its answer did not arrive, as far as the client can tell: it asks again
        again = await _again(http, body, headers)
        if again not in (None, said["inference_id"]):
            asked.differing.append(body["correlation_id"])
    return True


async def _again(http: httpx.AsyncClient, body: dict[str, Any], headers: dict[str, str]) -> str | None:
    try:
        answer = await http.post(f"/v1/groups/{GROUP}/predict", json=body, headers=headers)
    except httpx.TransportError:
        return None
    return str(answer.json()["inference_id"]) if answer.status_code == 200 else None


async def _kill(hub: Product, kills: int, chance: random.Random, asked: Asked) -> Counter[str]:
    killed: Counter[str] = Counter()
    for number in range(kills):
        name = chance.choice(sorted(TARGETS))
        process = await _alive(hub, TARGETS[name])
        process.send_signal(signal.SIGKILL)
        killed[name] += 1
        if (number + 1) % 20 == 0:
            print(f"  {number + 1} kills", flush=True)
        wanted = len(asked.answers) + chance.randint(*BETWEEN)
        deadline = time.monotonic() + (0.0 if chance.random() < BURST else PATIENCE_SECONDS)
        while len(asked.answers) < wanted and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
    return killed


async def _alive(hub: Product, mark: str) -> psutil.Process:
    """Return the process, as soon as it runs again."""
    deadline = time.monotonic() + 90
    while True:
        for process in hub.supervisor.children():
            try:
                if mark in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    return process
            except psutil.Error:
                continue
        if time.monotonic() > deadline:
            raise TimeoutError(f"{mark} is not started again.\n{hub.log()}")
        await asyncio.sleep(0.02)


async def _settled(hub: Product, asked: Asked) -> Sequence[Any]:
    """Return the log once it has every answer, explained, or no longer changes."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            rows = await hub.sql(f"SELECT inference_id, correlation_id, score, explained_at FROM {LOG_TABLE} WHERE status IN ('ok', 'fallback')")
            unexplained = sum(row["explained_at"] is None for row in rows)
            done = asked.answers.keys() <= {str(row["inference_id"]) for row in rows} and not unexplained
            if (done and (await hub.ask("system.health"))["intake_backlog"] == 0) or time.monotonic() > deadline:
                print(f"  {unexplained} rows without their explanation")
                return rows
        except (OSError, AssertionError, httpx.TransportError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.5)


def _count(asked: Asked, rows: Sequence[Any]) -> dict[str, int]:
    scores = {str(row["inference_id"]): row["score"] for row in rows}
    by_request = Counter(row["correlation_id"] for row in rows)
    lost = [one for one, score in asked.answers.items() if scores.get(one) != score]
    return {
        "answered": len(asked.answers),
        "logged": len(rows),
        "lost": len(lost),
        "twice": len(rows) - len(scores) + sum(count > 1 for count in by_request.values()) + len(asked.differing),
        "logged_unanswered": len(scores.keys() - asked.answers.keys()),
    }


if __name__ == "__main__":
    main()
