"""`python -m demo --url http://127.0.0.1:8321 --token-file token`: drive a hub with real data."""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from demo.dataset import load
from demo.hub import Hub, Refused, Stopped
from demo.provision import GROUP, provision
from demo.traffic import Traffic


def main() -> int:
    """Provision, send the first pass, then keep sending slowly until SIGTERM. Return 0 on success."""
    options = _options()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        _run(Hub(options.url, _token(options.token_file), stop), options, stop)
    except Stopped:
        return 0
    except Refused as refused:
        print(f"The hub refused: {refused}", file=sys.stderr)
        return 1
    return 0


def _run(hub: Hub, options: argparse.Namespace, stop: threading.Event) -> None:
    learned, clients = load()
    group = provision(hub, learned, _say)
    slug = group["slug"]
    before = hub.query("inference.traffic", slug=slug)["total"]
    traffic = Traffic(hub, slug, clients, stop)
    threading.Thread(target=traffic.outcomes.tell_until, args=(stop,), daemon=True).start()
    missing = max(0, options.requests - before)
    if missing:
        _first_pass(hub, traffic, missing, before, stop)
    else:
        _say(f"{before:,} predictions are in the log from an earlier start.")
    if options.filled_file:
        options.filled_file.touch()
    if options.once:
        traffic.outcomes.tell_due(everything=True)
        _say(f"{traffic.outcomes.told:,} outcomes told.")
        stop.set()
        return
    _say(f"{hub.url}/groups/{slug}")
    _say("From now on the same clients repeat, 20 per second, marked as a replay; late outcomes keep arriving. Press Ctrl-C to stop.")
    traffic.trickle()


def _first_pass(hub: Hub, traffic: Traffic, count: int, before: int, stop: threading.Event) -> None:
    started = time.monotonic()
    live = sys.stdout.isatty()

    def progress(done: int) -> None:
        if live:
            print(f"\r{done:,} of {count:,} predictions answered", end="\n" if done >= count else "", flush=True)

    _say(f"Sending {count:,} predictions about clients that no version has seen …")
    traffic.first_pass(count, progress)
    if stop.is_set():
        raise Stopped
    answered = time.monotonic() - started
    while (seen := hub.query("inference.traffic", slug=GROUP["slug"]))["total"] < before + count or seen["waiting_explanation"]:
        if stop.wait(0.1):
            raise Stopped
    recorded = time.monotonic() - started
    _say(f"{count:,} predictions answered in {answered:.1f} s ({count / answered:,.0f} per second), all logged and explained after {recorded:.1f} s.")


def _token(path: Path | None) -> str:
    if path is not None:
        return path.read_text().strip()
    if token := os.environ.get("TILTYARD_TOKEN"):
        return token
    sys.exit("Name an API token: --token-file FILE, or TILTYARD_TOKEN in the environment.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Drive a hub with real data, from outside.")
    parser.add_argument("--url", default="http://127.0.0.1:8321", help="address of the hub (default: %(default)s)")
    parser.add_argument("--token-file", type=Path, help="a file with an API token; else TILTYARD_TOKEN")
    parser.add_argument("--requests", type=int, default=20_000, metavar="K", help="predictions of the first pass (default: %(default)s)")
    parser.add_argument("--once", action="store_true", help="stop after the first pass and its outcomes, instead of continuing slowly")
    parser.add_argument("--filled-file", type=Path, metavar="FILE", help="file to write once the first pass is logged and explained")
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
