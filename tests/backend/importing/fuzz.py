"""Hostile files for the import, in numbers: every fixture with its bytes and its tree mutated. Hypothesis's own cases are in test_properties.

    python -m tests.backend.importing.fuzz --cases 100000

Each case is read to its preview; it is refused with a message, or what is said is the file's own (every tenth with all that is known to hold of a preview).
One that takes more than a second of the processor's time fails, and so does one that raises anything else. The case's seed reproduces it: `--seed N --cases 1`.
"""

import argparse
import copy
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from backend.errors import HubError
from backend.importing.parse import parse
from backend.importing.preview import preview
from backend.importing.vocabulary import CELLS, LISTS, METRICS, SECTIONS, SPLITS, STRONG, WEAK
from tests.backend.importing.invariants import hold

FIXTURES = Path(__file__).parent / "fixtures"
FOLDERS = ("labelled", "published", "tools", "diverse", "held_out", "unseen")
SECONDS, STUCK = 1.0, 60
WORDS = sorted({*METRICS, *SPLITS, *STRONG, *WEAK, *LISTS, *CELLS, *(word for words in SECTIONS.values() for word in words)})
PIECES = (b"{", b"}", b"[", b"]", b'"', b",", b":", b"-", b"\\u", b"\xff", b"\0", b"\n", b"NaN", b"1e999", b"9" * 30)
ODD: list[Any] = [
    None, True, 0, -1, 1e308, 1e-320, 2**70, 0.83, "83%", "1,200", "NaN", "", " ", "\0", "*", "~0/~1", "2025-01-01", "Random Forest", "test", "auc", [], {},
    [[]], {"": ""}, {"*": {"*": 1}}, [[1, 2], [3, 4]], "a" * 3000, "é\ud800", [None] * 40, {str(at): at for at in range(40)}, float("nan"), float("inf"),
]  # fmt: skip


def seeds() -> list[bytes]:
    """The fixtures' own bytes; of a labelled case its document alone."""
    found = []
    for folder in FOLDERS:
        for path in sorted((FIXTURES / folder).iterdir()):
            content = path.read_bytes()
            if folder in ("diverse", "held_out"):
                content = json.dumps(json.loads(content)["document"]).encode()
            if path.suffix != ".md" and len(content) < 20_000:
                found.append(content)
    return found + [json.dumps(case["document"]).encode() for case in json.loads((FIXTURES / "unseen/cases.json").read_bytes())]


def of_bytes(content: bytes, chance: random.Random) -> bytes:
    """A few of: bytes flipped, cut, doubled, moved, replaced by what JSON and other formats are made of."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        start, length = chance.randrange(len(made) + 1), chance.choice((1, 1, 2, 8, 64, 512))
        piece = bytes(made[start : start + length])
        kind = chance.randrange(6)
        if kind == 0 and start < len(made):
            made[start] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del made[start : start + length]
        elif kind == 2:
            made[start:start] = piece * chance.choice((1, 2, 30))
        elif kind == 3:
            made[start : start + length] = chance.choice(PIECES)
        elif kind == 4:
            made = made[:start]
        else:
            at = chance.randrange(len(made) + 1)
            made[at:at] = piece
    return bytes(made)


def of_tree(content: bytes, chance: random.Random, other: bytes) -> bytes:
    """A few places of the tree renamed, replaced, emptied, doubled, wrapped, or grafted from another file. What is no JSON is left to `of_bytes`."""
    try:
        holder: list[Any] = [json.loads(content)]
        graft = json.loads(other)
    except ValueError:
        return of_bytes(content, chance)
    for _ in range(chance.randint(1, 8)):
        places = list(_places(holder))
        parent, key = chance.choice(places)
        kind = chance.randrange(7)
        if kind == 0:
            parent[key] = copy.deepcopy(chance.choice(ODD))
        elif kind == 1:
            parent[key] = {chance.choice(WORDS): parent[key]}
        elif kind == 2:
            parent[key] = [parent[key], copy.deepcopy(parent[key])]
        elif kind == 3 and isinstance(parent, dict):
            parent[chance.choice(WORDS)] = parent.pop(key)
        elif kind == 4 and isinstance(parent, dict):
            parent[f"{chance.choice(('test', 'val', 'rf', 'xgb', 'cv', 'std'))}_{key}"] = copy.deepcopy(parent[key])
        elif kind == 5:
            parent[key] = copy.deepcopy(chance.choice(list(_places([graft])))[0])
        else:
            parent[key] = {str(at): value for at, value in enumerate(parent[key])} if isinstance(parent[key], list) else chance.choice(WORDS)
        if len(places) > 4000:
            break
    return json.dumps(holder[0]).encode()


def _places(holder: list[Any]) -> Iterator[tuple[Any, Any]]:
    waiting: list[tuple[Any, int]] = [(holder, 0)]
    while waiting:
        node, depth = waiting.pop()
        for key, below in list(node.items() if isinstance(node, dict) else enumerate(node))[:200]:
            yield node, key
            if isinstance(below, (dict, list)) and depth < 12:
                waiting.append((below, depth + 1))


def case(seed: int, files: list[bytes]) -> bytes:
    """The file of a seed."""
    chance = random.Random(seed)
    content = chance.choice(files)
    return of_bytes(content, chance) if seed % 3 == 0 else of_tree(content, chance, chance.choice(files))


def answer(seed: int, content: bytes) -> str:
    """`refused`, `no model`, `several` or `model`. Raises what must not happen."""
    started = time.process_time()
    try:
        found = preview(content, "f.json")
    except HubError as refused:
        return "refused" if refused.message.strip() else "refused without a word"
    taken = time.process_time() - started
    assert taken < SECONDS, f"{taken:.1f} s"
    if seed % 10 == 0:
        hold(found, parse(content).tree)
        for model in (found.several_models or [])[:2]:
            hold(preview(content, "f.json", model), parse(content).tree)
    return "no model" if found.document is None else "several" if found.several_models else "model"


def some(first: int, last: int) -> tuple[Counter[str], list[str]]:
    """The cases of a range of seeds: how they were answered, and what failed."""
    files, told, failed = seeds(), Counter[str](), []
    signal.signal(signal.SIGALRM, _stuck)
    for seed in range(first, last):
        signal.alarm(STUCK)
        try:
            told[answer(seed, case(seed, files))] += 1
        except Exception as error:  # whatever it is, the case is told
            failed.append(f"--seed {seed} --cases 1: {type(error).__name__}: {str(error)[:300]}")
        finally:
            signal.alarm(0)
    return told, failed


def _stuck(*_: object) -> None:
    raise TimeoutError(f"no answer in {STUCK} s")


def main(run: Callable[..., Any] = print) -> int:
    """Run, tell, and return how many failed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    started, step = time.perf_counter(), 500
    told, failed = Counter[str](), []
    ranges = [(at, min(at + step, given.seed + given.cases)) for at in range(given.seed, given.seed + given.cases, step)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found, wrong in pool.map(some, *zip(*ranges, strict=True)):
            told += found
            failed += wrong
            for line in wrong[:20]:
                run(line)
            if not told.total() % 10_000:
                run(f"{told.total():,} files in {time.perf_counter() - started:.0f} s")
    answers = ", ".join(f"{count:,} {name}" for name, count in told.most_common())
    run(f"{given.cases:,} files in {time.perf_counter() - started:.0f} s: {answers}, {len(failed)} failed")
    return len(failed) + told["refused without a word"]


if __name__ == "__main__":
    sys.exit(bool(main()))
