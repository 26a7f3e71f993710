"""The requests: the clients of each call, and its body."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from demo.dataset import SEED, Clients

BATCHED_SHARE = 0.1
BATCH = 40
EXPLAINED_SHARE = 0.02
"""One in this many single requests asks for the explanation in the answer; the log explains all others."""
CONTEXT = {"use_case": "credit_line_review", "region": "TW", "product": "credit_card", "mode": "advisory"}


@dataclass(frozen=True)
class Call:
    """One request: the clients' positions in the traffic (one, or a batch), and the request's mark."""

    clients: tuple[int, ...]
    batch: bool
    mark: str


def first_pass(traffic: Clients, count: int) -> list[Call]:
    """Yield calls with `count` predictions, each client once per 20 000: single calls, and every tenth client in a batch of clients with the same segments."""
    draw = random.Random(SEED)  # noqa: S311 (which client comes when is no secret)
    positions = [position % len(traffic) for position in range(count)]
    parted = int(count * (1 - BATCHED_SHARE))
    calls = [Call((position,), False, f"review-{traffic.client_id(position)}") for position in positions[:parted]]
    alike = sorted(positions[parted:], key=lambda position: sorted(traffic.segments(position).items()))
    for _, members in groupby(alike, key=traffic.segments):
        same = tuple(members)
        parts = [same[start : start + BATCH] for start in range(0, len(same), BATCH)]
        calls += [Call(part, True, f"portfolio-{traffic.client_id(part[0])}") for part in parts]
    draw.shuffle(calls)
    return calls


def replay(traffic: Clients, start: str) -> Iterator[Call]:
    """Yield the same clients repeatedly, one at a time, marked as a replay; `start` distinguishes the marks of runs."""
    turn = 0
    while True:
        turn += 1
        for position in range(len(traffic)):
            yield Call((position,), False, f"replay-{start}-{turn}-{traffic.client_id(position)}")


def body(traffic: Clients, call: Call) -> dict[str, Any]:
    """Return the call's body for `POST /v1/groups/{slug}/predict`. A batch has no entity key: it has many clients."""
    first = call.clients[0]
    given: dict[str, Any] = {"context": CONTEXT, "segments": traffic.segments(first), "correlation_id": call.mark}
    if call.batch:
        return given | {"inputs": [traffic.inputs(position) for position in call.clients]}
    client = traffic.client_id(first)
    return given | {"inputs": traffic.inputs(first), "entity_key": f"client-{client}", "explain": client % round(1 / EXPLAINED_SHARE) == 0}
