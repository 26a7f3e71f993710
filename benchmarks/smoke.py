"""Every benchmark, simulation, soak and fuzz target at its smallest size. Each must run and end with its figures.

python -m benchmarks.smoke [TARGET ...]

Figures of such small runs show nothing about speed, only that the target works. Exits with 1 when one fails, with the end of its output.
"""

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATTERN = re.compile(r"^((?:bench|sim|soak|fuzz)[a-z-]*):", re.MULTILINE)
SMALLEST = {
    "bench-serving": ["ARGS=--only --rounds 1 --seconds 0.5"],
    "bench-rpc": ["ARGS=--rounds 1 --seconds 1 --connections 8"],
    "bench-drain": ["ARGS=--seconds 0.5"],
    "bench-against": ["ARGS=--alone --pairs 1 --seconds 0.5"],
    "bench-halt": ["ARGS=--halts 2"],
    "bench-promote": ["PROMOTIONS=2"],
    "bench-explain": ["ARGS=--rounds 1 --others 0 --small"],
    "bench-contract": ["ARGS=--procedures 20 --rounds 1"],
    "bench-import": ["ARGS=--rounds 3"],
    "bench-dataset": ["ROWS=20000", "ARGS=--no-pandas"],
    "bench-compare": ["ROWS=2000", "ARGS=--once"],
    "sim-aa": ["RUNS=2", "ARGS=--rows 4000 --power-rows 4000"],
    "sim-selective": ["RUNS=2", "ARGS=--rows 6000"],
    "soak": ["KILLS=1"],
    "soak-crons": ["MINUTES=0.3"],
    "soak-memory": ["ARGS=--scale 0.02"],
    "fuzz-access": ["CASES=50"],
    "fuzz-rpc": ["CASES=50"],
    "fuzz-import": ["CASES=200"],
}
"""Each target's smallest size, as arguments of make."""
NO_FIGURES = {"fuzz-rpc", "fuzz-import"}
"""Targets that end with pytest's own summary."""
SECONDS = 600
"""A target may take this long on a busy machine."""
AT_A_TIME = 2


def targets() -> list[str]:
    """Return the targets of the Makefile that measure, simulate or fuzz, without this one."""
    return [name for name in PATTERN.findall((ROOT / "Makefile").read_text()) if name != "bench-smoke"]


def run(target: str) -> str | None:
    """Return the problem of a target; None when it works."""
    command = ["make", "--no-print-directory", target, *SMALLEST[target]]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"not done after {SECONDS} s"
    if done.returncode:
        return f"ended with {done.returncode}\n" + "\n".join((done.stdout + done.stderr).splitlines()[-25:])
    return None if target in NO_FIGURES else _figures(done.stdout)


def _figures(printed: str) -> str | None:
    last = printed.strip().rpartition("\n")[2]
    try:
        figures = json.loads(last)
    except json.JSONDecodeError:
        return f"its last line is no JSON: {last[:200]}"
    return None if isinstance(figures, dict) and figures else f"its last line has no figures: {last[:200]}"


def main() -> int:
    """Run the named targets, or all, two at a time: most of the time one waits for its servers."""
    wanted = sys.argv[1:] or targets()
    if unknown := [name for name in wanted if name not in SMALLEST]:
        print(f"no smallest size is stated for {', '.join(unknown)}: add it to benchmarks/smoke.py")
        return 1
    failed, started = 0, time.monotonic()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for done in as_completed([pool.submit(timed, name) for name in wanted]):
            name, wrong, seconds = done.result()
            failed += wrong is not None
            print(f"  {name:<16} {'works' if wrong is None else 'FAILED: ' + wrong} ({seconds:.0f} s)", flush=True)
    print(f"{len(wanted) - failed} passed, {failed} failed in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def timed(target: str) -> tuple[str, str | None, float]:
    """A target, what is wrong with it, and how many seconds it took."""
    began = time.monotonic()
    return target, run(target), time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
