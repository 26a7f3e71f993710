"""The memory of one API process while several clients are hostile at once: large bodies, artifacts, drafts, sign-ins, batches, slow uploads, streams, logs.

Each kind of attack is sent alone, and then all of them together. What counts is the most resident memory that the process ever had, above what it had before
(Linux keeps that figure itself). The last line is JSON: `rss_growth_mb`, and `refused_otherwise` counts answers that no attack may get (500 and the like).
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psutil

from demo.dataset import load as load_clients
from tests.support.product import GROUP, Product, data, running

MOST_MB = 300
MB = 1_000_000
EXPECTED = {200, 207, 400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503}
"""What a hostile request may be answered."""


@dataclass
class Attack:
    """The hub that is attacked, how large what is sent may be, and what was answered."""

    hub: Product
    scale: float
    said: Counter[str] = field(default_factory=Counter)
    trouble: Counter[str] = field(default_factory=Counter)

    def size(self, megabytes: float) -> int:
        """Bytes, at this soak's scale."""
        return int(megabytes * MB * self.scale)

    def many(self, count: int) -> int:
        """How many, at this soak's scale."""
        return max(2, int(count * self.scale))

    async def result(self, method: str, procedure: str, **given: Any) -> Any:
        """What a procedure answers, however long it takes."""
        async with self.hub.client() as http:
            said = {"params": {"input": json.dumps(given)}} if method == "GET" else {"json": given}
            return data(await http.request(method, f"/rpc/{procedure}", timeout=240, **said))

    async def send(self, what: str, path: str, *, signed_in: bool = True, **given: Any) -> None:
        """One request; that the hub closes the connection is an answer too."""
        async with self.hub.client(token="" if signed_in else None) as http:
            try:
                answer = await http.post(path, timeout=240, **given)
            except httpx.TransportError as error:
                self.said[f"{what} {type(error).__name__}"] += 1
                return
        self.said[f"{what} {answer.status_code}"] += 1
        if answer.status_code not in EXPECTED:
            self.trouble[f"{what} {answer.status_code} {answer.text[:200]}"] += 1


def main() -> None:
    """Run the soak; the exit code is 1 where the process grows by more than 300 MB, or answers what it must not."""
    parser = argparse.ArgumentParser(prog="make soak-memory", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="the size and number of what is sent, 1 for the whole")
    scale = parser.parse_args().scale
    with running("soak-memory") as hub:
        hub.demo(100)
        found = asyncio.run(soak(Attack(hub, scale)))
    print(json.dumps(found))
    raise SystemExit(1 if found["rss_growth_mb"] > MOST_MB or found["refused_otherwise"] else 0)


async def soak(attack: Attack) -> dict[str, float]:
    """Attack in every way, one by one and then together."""
    process = attack.hub.child("rpc.cli serve")
    await everything(Attack(attack.hub, 0.01))  # what is loaded once is no growth
    before = resident_mb(process)
    most = 0.0
    for name, way in [*WAYS.items(), ("everything at once", everything)]:
        reset_peak(process)
        began = time.monotonic()
        await way(attack)
        peak = peak_mb(process)
        most = max(most, peak)
        print(
            f"  {name:<20} {peak - before:+6.0f} MB at the most, {resident_mb(process) - before:+6.0f} MB after ({time.monotonic() - began:.0f} s)", flush=True
        )
    print(f"  answers {dict(attack.said)}")
    for what, times in attack.trouble.items():
        print(f"  {times} x {what}")
    alive = process.is_running() and (await attack.result("GET", "models.list"))["items"] != []
    return {"before_mb": round(before), "rss_growth_mb": round(most - before), "refused_otherwise": sum(attack.trouble.values()) + (not alive)}


async def everything(attack: Attack) -> None:
    """All ways together."""
    await asyncio.gather(*(way(attack) for way in WAYS.values()))


async def bodies(attack: Attack) -> None:
    """JSON of 60 MB, announced or in parts, from somebody and from nobody."""
    body = b'{"name": "a", "text": "' + b"x" * attack.size(60) + b'"}'
    json_type = {"content-type": "application/json"}

    async def in_parts() -> Any:
        for at in range(0, len(body), 1 << 16):
            yield body[at : at + (1 << 16)]

    calls = []
    for signed_in in (True, False):
        for path in ("/rpc/imports.propose", f"/v1/groups/{GROUP}/predict", "/v1/outcomes", f"/v2/models/{GROUP}/infer"):
            calls.append(attack.send("body", path, signed_in=signed_in, content=body, headers=json_type))
            calls.append(attack.send("body in parts", path, signed_in=signed_in, content=in_parts(), headers=json_type))
    await asyncio.gather(*calls)


async def artifacts(attack: Attack) -> None:
    """Artifacts of 60 MB: an XGBoost JSON of many empty lists, LightGBM text without end, and zeros."""
    size = attack.size(60)
    version = (await attack.result("GET", "models.versions", slug="credit_scoring"))[0]
    document = {key: value for key, value in version["document"].items() if key not in ("provenance", "lineage", "unmapped", "transforms")}
    contents = [
        b'{"learner": {"gradient_booster": {"model": {"trees": [' + b"[]," * (size // 3) + b"[]]}}}}",
        b"tree\nversion=v4\n" + b"split_feature=0 1 2 3\n" * (size // 22),
        b"\x08\x07" + bytes(size),
    ]
    calls = []
    for at, content in enumerate(contents):
        made = await attack.result(
            "POST", "models.createVersion", model="credit_scoring", version=f"9.{time.time_ns() // 1000 % 10**9}.{at}", document=document
        )
        calls.append(attack.send("artifact", f"/v1/versions/{made['id']}/artifact", content=content, headers={"content-type": "application/octet-stream"}))
    await asyncio.gather(*calls)


async def drafts(attack: Attack) -> None:
    """Many drafts of 10 MB: deep, wide, of many values, of empty lists, of one long text."""
    documents = _documents(attack.size(10), attack.many(99_000))
    calls = [attack.send("draft", "/rpc/imports.propose", files={"file": ("m.json", one, "application/json")}) for one in documents * 4]
    await asyncio.gather(*calls)


@cache
def _documents(size: int, values: int) -> list[bytes]:
    """Made once: while they are made, this process answers nobody."""
    found = [
        json.dumps({f"key_{at}_{'z' * 80}": at for at in range(values)}),
        json.dumps({"m": [json.loads("[" * 50 + str(at) + "]" * 50) for at in range(values // 2)]}),
        json.dumps({"algorithm": {"name": "x"}, "rows": [{"feature": f"f{at}", "importance": at / 7, "note": "y" * 200} for at in range(values // 3)]}),
        "[" + "[]," * (size // 3) + "[]]",
        json.dumps({"model_name": "m", "auc": 0.8, "note": "x" * size}),
    ]
    return [one.encode() for one in found]


async def sign_ins(attack: Attack) -> None:
    """30 sign-ins of nobody at once, three times."""
    for _ in range(3):
        given = {"email": "nobody@nowhere.example", "password": "x" * 200}
        await asyncio.gather(*(attack.send("sign-in", "/rpc/access.signIn", signed_in=False, json=given) for _ in range(30)))


async def batches(attack: Attack) -> None:
    """Predictions and outcomes at the limits of a batch, and 50 calls in one request."""
    inputs = load_clients()[1].inputs(0)
    rows = [{**inputs, "pad": "x" * 1_000} for _ in range(attack.many(1_000))]
    lots = [{**inputs, **{f"extra_{at}": 0.5 for at in range(400)}} for _ in range(attack.many(1_000))]
    outcomes = [{"correlation_id": f"case {at}", "actual": 1} for at in range(attack.many(10_000))]
    paths = ",".join(["models.list"] * 50)
    batch = {"params": {"batch": "1", "input": json.dumps({str(at): {} for at in range(50)})}}
    calls = [attack.send("batch", f"/v1/groups/{GROUP}/predict", json={"inputs": some}) for some in (rows, lots) for _ in range(3)]
    calls += [attack.send("outcomes", "/v1/outcomes", json={"slug": GROUP, "outcomes": outcomes}) for _ in range(3)]
    calls += [attack.send("calls", f"/rpc/{paths}", **batch) for _ in range(5)]
    await asyncio.gather(*calls)


async def slow_uploads(attack: Attack) -> None:
    """Bodies that never end: a megabyte at once, then a byte now and then."""

    async def trickle() -> Any:
        yield b"x" * attack.size(1)
        for _ in range(40):
            await asyncio.sleep(0.5)
            yield b"x"

    await asyncio.gather(
        *(attack.send("slow", "/rpc/imports.propose", content=trickle(), headers={"content-type": "application/json"}) for _ in range(attack.many(40)))
    )


async def streams(attack: Attack) -> None:
    """1,000 open streams of one person."""

    async def one(http: httpx.AsyncClient) -> None:
        try:
            async with http.stream("GET", "/rpc/alerts.onAlert", headers={"accept": "text/event-stream"}) as answer:
                attack.said[f"stream {answer.status_code}"] += 1
                if answer.status_code == 200:
                    await asyncio.sleep(5)
        except httpx.TransportError as error:
            attack.said[f"stream {type(error).__name__}"] += 1

    limits = httpx.Limits(max_connections=None)
    headers = {"authorization": f"Bearer {attack.hub.ready['token']}"}
    async with httpx.AsyncClient(base_url=attack.hub.ready["url"], headers=headers, limits=limits, timeout=60, trust_env=False) as http:
        await asyncio.gather(*(one(http) for _ in range(attack.many(1_000))))


async def logs(attack: Attack) -> None:
    """Log imports of as many lines as one call takes, of features without end."""
    lines = _lines(attack.many(10_000))
    await asyncio.gather(*(attack.send("log", "/rpc/inference.importLog", json={"slug": GROUP, "layout": "databricks", "lines": lines}) for _ in range(4)))


@cache
def _lines(count: int) -> list[str]:
    at = int(time.time() * 1000) - 86_400_000
    given = {f"f{name}": name for name in range(60)}
    return [
        json.dumps(
            {
                "databricks_request_id": f"soak {number}",
                "timestamp_ms": at - number,
                "status_code": 200,
                "request": json.dumps({"dataframe_records": [given]}),
                "response": json.dumps({"predictions": [0.5]}),
            }
        )
        for number in range(count)
    ]


WAYS: dict[str, Callable[[Attack], Awaitable[None]]] = {
    "bodies": bodies,
    "artifacts": artifacts,
    "drafts": drafts,
    "sign-ins": sign_ins,
    "batches": batches,
    "slow uploads": slow_uploads,
    "streams": streams,
    "logs": logs,
}


def resident_mb(process: psutil.Process) -> float:
    """What the process has now."""
    return float(process.memory_info().rss) / MB


def reset_peak(process: psutil.Process) -> None:
    """Begin the kernel's own count of the most anew."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def peak_mb(process: psutil.Process) -> float:
    """The most resident memory since then."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024 / MB


if __name__ == "__main__":
    main()
