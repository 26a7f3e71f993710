"""The same LightGBM model (100 trees, 20 features) behind the hub and behind MLServer, LitServe, BentoML and MLflow; and two echoes.

The rivals only predict. The hub routes between a champion and a challenger, and logs each prediction before it answers. Its worker explains and stores the log
meanwhile, on the same cores. Then the hub runs once more with the explanation in each answer.

Every contender is one answering process (LitServe, BentoML and MLflow add processes of their own), with one thread of LightGBM. The same closed loop (wrk)
calls them in turn, several rounds; the medians count. The hub's backlog is drained before another's turn. The last line is JSON.
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from backend.adapters.processes import free_port
from benchmarks import wrk
from benchmarks.against import busy, listening
from benchmarks.pairs import interval_of
from benchmarks.rivals.environments import PACKAGES, environment, version
from benchmarks.rivals.servers import Target, rival
from demo.hub import Hub
from tests.support.product import ROOT, running

FEATURES = [f"f{number:02}" for number in range(20)]
TREES = 100


def main() -> None:
    """Print a table and the ratios."""
    parser = argparse.ArgumentParser(prog="make bench-serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rule", action="store_true", help="the hub alone: with a decision rule against without, in alternating pairs")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="contenders by name; the ratios then lack the others")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the started servers end too
    wrk.ensure()
    if options.rule:
        ruled(options)
        return
    names = [name for name in PACKAGES if options.only is None or name in options.only]
    for name in names:
        environment(name)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        model = Path(folder) / "model.txt"
        model.write_text(_train(seed=1))
        row = np.random.default_rng(5).normal(size=len(FEATURES)).round(6).tolist()
        contenders = {name: stack.enter_context(rival(name, model, row)) for name in names}
        hub, plain, explained = stack.enter_context(_hub(model, row))
        contenders |= {"tiltyard": plain, "tiltyard, explained": explained}
        contenders |= {f"{kind} echo": stack.enter_context(_echo(kind, plain.body)) for kind in ("litestar", "bare")}
        print(f"{options.connections} connections, {options.rounds} rounds of {options.seconds:g} s each, in turn; medians. {_versions(names)}", flush=True)
        _print(_measured(contenders, hub, options))


def _train(seed: int) -> str:
    """A model file in LightGBM's text format."""
    import lightgbm  # noqa: PLC0415  heavy

    random = np.random.default_rng(seed)
    inputs = random.normal(size=(5_000, len(FEATURES)))
    wanted = (inputs @ random.normal(size=len(FEATURES)) + random.normal(size=5_000) > 0).astype(float)
    data = lightgbm.Dataset(inputs, wanted, feature_name=FEATURES)
    params = {"objective": "binary", "num_leaves": 31, "verbosity": -1, "num_threads": 1, "seed": seed, "deterministic": True}
    return str(lightgbm.train(params, data, num_boost_round=TREES).model_to_string())


@contextmanager
def _hub(model: Path, row: list[float]) -> Iterator[tuple[Hub, Target, Target]]:
    """Start a hub with a champion (90 %) and a challenger (10 %). Return its two requests."""
    with running("bench-serving") as product:
        hub = Hub(product.ready["url"], product.ready["token"], threading.Event())
        hub.mutate("models.create", name="Scorer", slug="scorer")
        members = []
        for number, role, share, text in (("1.0", "champion", 9_000, model.read_text()), ("1.1", "challenger", 1_000, _train(seed=2))):
            document = {
                "name": "Scorer",
                "task": {"type": "binary_classification", "classes": ["0", "1"], "positive_class": "1"},
                "features": [{"name": name, "type": "number"} for name in FEATURES],
            }
            made = hub.mutate("models.createVersion", model="scorer", version=number, document=document)
            hub.upload(f"/v1/versions/{made['id']}/artifact", text.encode())
            members.append({"version_id": made["id"], "role": role, "share": share})
        hub.mutate("groups.create", name="Scores", slug="scores", members=members)
        url = f"{product.ready['url']}/v1/groups/scores/predict"
        inputs = {"inputs": dict(zip(FEATURES, row, strict=True))}
        bodies = [json.dumps(body).encode() for body in (inputs, inputs | {"explain": True})]
        yield hub, *(Target(url, body, product.ready["token"]) for body in bodies)


RULE = {"on": "probability", "bands": [{"decision": "approve", "below": 0.2}, {"decision": "refer", "below": 0.4}, {"decision": "decline"}]}


def ruled(options: argparse.Namespace) -> None:
    """The same two versions in one hub, without a decision rule and with one; the order within a pair alternates.

    The measure is answers per second of the answering process's own processor time, so that other work on the machine counts little.
    """
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.txt"
        model.write_text(_train(seed=1))
        row = np.random.default_rng(5).normal(size=len(FEATURES)).round(6).tolist()
        with _hub(model, row) as (hub, plain, _):
            members = [
                {"version_id": hub.mutate("models.setDecisionRule", version_id=one["version_id"], rule=RULE)["id"], "role": one["role"], "share": one["share"]}
                for one in hub.query("groups.get", slug="scores")["phase"]["members"]
            ]
            hub.mutate("groups.create", name="Ruled", slug="ruled", members=members)
            api = listening(urlsplit(plain.url).port or 80)
            contenders = {"with": plain._replace(url=plain.url.replace("/scores/", "/ruled/")), "without": plain}
            ratios = []
            for turn in range(options.rounds + 1):
                order = list(contenders) if turn % 2 else list(contenders)[::-1]
                found = {}
                for name in order:
                    url, body, token = contenders[name]
                    before, began, seconds = busy(api), time.monotonic(), options.seconds if turn else 1.0
                    answered = wrk.run(url, body, token, options.connections, seconds).per_second * min(time.monotonic() - began, seconds)
                    found[name] = answered / (busy(api) - before)
                    _drained(hub)
                if turn:  # the first pair only warms
                    ratios.append(found["with"] / found["without"])
                    print(
                        f"  with {found['with']:>8,.0f}   without {found['without']:>8,.0f} answers per processor second   ratio {ratios[-1]:.3f}", flush=True
                    )
    low, middle, high = interval_of(ratios)
    print(json.dumps({"rule_ratio": round(middle, 3), "rule_ratio_low": round(low, 3), "rule_ratio_high": round(high, 3), "pairs": len(ratios)}))


@contextmanager
def _echo(kind: str, body: bytes) -> Iterator[Target]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.echo", kind, str(port)], cwd=ROOT)
    try:
        yield Target(f"http://127.0.0.1:{port}/echo", body)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _measured(contenders: dict[str, Target], hub: Hub, options: argparse.Namespace) -> dict[str, wrk.Load]:
    seen: dict[str, list[wrk.Load]] = {name: [] for name in contenders}
    for turn in range(options.rounds + 1):
        for name, (url, body, token) in contenders.items():
            load = wrk.run(url, body, token, options.connections, options.seconds if turn else 1.0)  # the first turn only warms
            if turn:
                seen[name].append(load)
            if token:
                _drained(hub)
    return {
        name: wrk.Load(*(statistics.median(getattr(load, field) for load in loads) for field in ("per_second", "p50_us", "p99_us")))
        for name, loads in seen.items()
    }


def _drained(hub: Hub) -> None:
    deadline = time.monotonic() + 120
    while hub.query("system.health")["intake_backlog"]:
        if time.monotonic() > deadline:
            raise TimeoutError("the hub's backlog is not drained after 120 s")
        time.sleep(0.2)


def _versions(names: list[str]) -> str:
    return ", ".join(f"{name} {version(name)}" for name in names)


def _print(loads: dict[str, wrk.Load]) -> None:
    for name, load in loads.items():
        print(f"  {name:<20} {load.per_second:>9,.0f} requests/s   p50 {load.p50_us / 1000:7.2f} ms   p99 {load.p99_us / 1000:7.2f} ms")
    ours, rivals = loads["tiltyard"], {name: load for name, load in loads.items() if name in PACKAGES}
    figures = {f"vs_{name}": ours.per_second / load.per_second for name, load in rivals.items()}
    figures["vs_echo"] = ours.per_second / loads["litestar echo"].per_second
    figures["vs_bare_echo"] = ours.per_second / loads["bare echo"].per_second
    if "mlserver" in rivals:
        figures["explained_vs_mlserver"] = loads["tiltyard, explained"].per_second / rivals["mlserver"].per_second
    if rivals:
        figures["p99_vs_best"] = ours.p99_us / min(load.p99_us for load in rivals.values())
    print(json.dumps({name: round(figure, 3) for name, figure in figures.items()}))


if __name__ == "__main__":
    main()
