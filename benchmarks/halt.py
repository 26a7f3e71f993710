"""From the call of `groups.halt` to the last answer of any of four API processes, under load, with one process cut off from Redis and PostgreSQL.

Most halts find that process cut off for a while. Every tenth finds it just cut off, so that its lease still runs. The last line is JSON: `p99_ms` over the
halts of the first kind, `max_ms` over all.
"""

import argparse
import asyncio
import time

from benchmarks.fleet import Fleet, fleet, last_line, quantile
from tests.support.product import running

SLUG = "bench_halt"
QUIET_SECONDS = 0.15
"""Seconds after a halt in which late answers are looked for."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="make bench-halt", description=__doc__)
    parser.add_argument("--halts", type=int, default=100)
    parser.add_argument("--connections", type=int, default=2, help="to each process")
    options = parser.parse_args()
    with running("bench-halt") as hub:
        hub.demo(1)
        asyncio.run(_run(hub, options))


async def _run(hub: "object", options: argparse.Namespace) -> None:
    async with fleet(hub) as processes:  # type: ignore[arg-type]
        await processes.hub.group(SLUG)
        async with processes.load(SLUG, options.connections):
            await processes.until_answered(range(4))
            steady, fresh = await _halts(processes, options.halts)
    late = [one for one in (*steady, *fresh) if one > 1_000]
    print(f"{len(steady)} halts with a process cut off: p50 {quantile(steady, 0.5):.0f} ms, p99 {quantile(steady, 0.99):.0f} ms, max {max(steady):.0f} ms")
    print(f"{len(fresh)} halts with a process just cut off: p50 {quantile(fresh, 0.5):.0f} ms, max {max(fresh):.0f} ms; over 1 s: {len(late)}")
    last_line({"p99_ms": round(quantile(steady, 0.99), 1), "max_ms": round(max(*steady, *fresh), 1)})


async def _halts(processes: Fleet, count: int) -> tuple[list[float], list[float]]:
    steady: list[float] = []
    fresh: list[float] = []
    for number in range(count):
        now = number % 10 == 0
        if now:
            for wire in processes.wires:
                wire.mend()
            await processes.until_answered([3], time.monotonic())
        await processes.until_answered(range(4 if now else 3), time.monotonic())
        if now:
            for wire in processes.wires if number % 20 else processes.wires[:1]:  # every other time Redis still takes its rows
                wire.cut()
        begun = time.monotonic()
        await processes.call("groups.halt", slug=SLUG, reason="benchmark")
        await asyncio.sleep(QUIET_SECONDS)
        last = max((one.done for one in processes.answers[-5_000:] if one.status == 200), default=begun)
        (fresh if now else steady).append(max(last - begun, 0.0) * 1000)
        if now:
            processes.wires[1].cut()
        await processes.call("groups.resume", slug=SLUG, reason="benchmark")
    return steady, fresh


if __name__ == "__main__":
    main()
