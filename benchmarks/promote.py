"""Promotions, one after the other, while four API processes answer. No request may fail, and each row names the one phase that routed it.

The last line is JSON: the numbers of promotions, requests and failed requests; requests sent after a promotion had returned but answered by an earlier phase;
rows that the replay of routing cannot explain; and the duration of a promotion.
"""

import argparse
import asyncio
import time

from benchmarks.fleet import Fleet, fleet, last_line, quantile
from tests.support.product import running, until

SLUG = "bench_promote"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="make bench-promote", description=__doc__)
    parser.add_argument("--promotions", type=int, default=1_000)
    parser.add_argument("--connections", type=int, default=2, help="to each process")
    options = parser.parse_args()
    with running("bench-promote") as hub:
        hub.demo(1)
        asyncio.run(_run(hub, options))


async def _run(hub: "object", options: argparse.Namespace) -> None:
    async with fleet(hub) as processes:  # type: ignore[arg-type]
        await processes.hub.group(SLUG)
        async with processes.load(SLUG, options.connections):
            await processes.until_answered(range(4))
            returned, took = await _promote(processes, options.promotions)
        figures = await _judge(processes, returned)
    last_line({"promotions": len(took), **figures, "p50_ms": round(quantile(took, 0.5), 1), "p99_ms": round(quantile(took, 0.99), 1)})


async def _promote(processes: Fleet, count: int) -> tuple[list[tuple[float, int]], list[float]]:
    """Return the time at which each promotion had returned, with its phase; and milliseconds."""
    returned: list[tuple[float, int]] = []
    took: list[float] = []
    for number in range(count):
        seen = await processes.ask("groups.comparison", slug=SLUG)
        challenger = next(one for one in seen["contenders"] if one["role"] == "challenger")
        wanted = {"slug": SLUG, "version_id": challenger["version_id"], "evidence_id": seen["evidence_id"], "keep_old": 3_000, "reason": f"number {number}"}
        begun = time.monotonic()
        done = await processes.call("groups.promote", **wanted)
        returned.append((time.monotonic(), done["group"]["phase"]["number"]))
        took.append((returned[-1][0] - begun) * 1000)
    return returned, took


async def _judge(processes: Fleet, returned: list[tuple[float, int]]) -> dict[str, float]:
    failed = [one for one in processes.answers if one.status != 200]
    late, at = 0, -1
    for one in sorted((one for one in processes.answers if one.status == 200), key=lambda one: one.sent):
        while at + 1 < len(returned) and returned[at + 1][0] < one.sent:
            at += 1
        late += at >= 0 and one.phase < returned[at][1]
    answered = len(processes.answers) - len(failed)
    replay: dict[str, float] = {}

    def drained() -> bool:
        return replay.get("rows", 0) >= answered

    for _ in range(120):
        replay = await processes.ask("groups.replayRouting", slug=SLUG)
        if drained():
            break
        await asyncio.sleep(0.5)
    until(drained, "every row in the log", 1)
    print(f"{answered} answered, {len(failed)} failed: {sorted({one.status for one in failed})}; replay {replay}")
    return {"requests": len(processes.answers), "failed": len(failed), "late": late, "unexplained": replay["rows"] - replay["matched"]}


if __name__ == "__main__":
    main()
