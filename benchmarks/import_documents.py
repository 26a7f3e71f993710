"""From bytes to preview: the time for a file with a remembered shape, beside one with a new shape.

python -m benchmarks.import_documents [--rounds 200]

The file has 10 kB: a logistic regression with twenty coefficients, figures on two splits, and settings. Times are the least of the rounds, as `timeit` advises:
the rest is noise of the machine (the median stands beside it).

Recall is counted on the labelled files of tests/ and on the gathered shapes; the rules were written without half of these shapes. The last line is JSON:
milliseconds with the shape remembered, calls to providers of language models meanwhile, recall on both halves of the gathered shapes, and their wrong leaves
together.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from backend.adapters.openai_compatible import OpenAiCompatible
from backend.importing.preview import preview
from backend.importing.rules import decoded
from schemas.mapping import MappingRule
from tests.backend.importing.gathered import measured
from tests.backend.importing.judge import misses

LABELLED = Path(__file__).parent.parent / "tests/backend/importing/fixtures/labelled"
SIZE, TARGET_MS = 10_000, 5.0


def document() -> bytes:
    """Return a file of 10 kB, as people write them."""
    figures = {"accuracy": 0.8123, "precision": 0.6512, "recall": 0.4831, "f1": 0.5547, "roc_auc": 0.7812, "pr_auc": 0.5533, "brier_score": 0.1361}
    tree: dict[str, Any] = {
        "model_name": "card default",
        "model_version": "2.3.0",
        "model_type": "LogisticRegression",
        "target_column": "default",
        "trained_at": "2026-02-01T10:00:00Z",
        "n_train": 24000,
        "n_test": 6000,
        "random_state": 42,
        "metrics": {"test": figures, "train": {name: round(value + 0.01, 4) for name, value in figures.items()}},
        "classifier_parameters": {"C": 0.1, "penalty": "l2", "solver": "liblinear", "max_iter": 2000},
        "feature_columns": [f"feature_{at}" for at in range(20)],
        "coefficients": {
            f"feature_{at}": {
                "coefficient": at / 7, "ci_lower": at / 7 - 0.2, "ci_upper": at / 7 + 0.2, "p_value": 0.01 * at,
                "interpretation": f"A unit more of feature {at} changes the log-odds by {at / 7:.3f}, everything else being equal. " * 3,
            }
            for at in range(20)
        },
    }  # fmt: skip
    written = json.dumps(tree, indent=1).encode()
    return written + b" " * (SIZE - len(written))


def timed(call: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the milliseconds of one call: the least, and the median."""
    taken = []
    gc.collect()
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1e3)
    return min(taken), median(taken)


def counted(calls: list[str]) -> None:
    """Record every call to a provider in this process from now on."""
    ask = OpenAiCompatible.ask

    async def noted(self: OpenAiCompatible, *arguments: Any) -> Any:
        calls.append("ask")
        return await ask(self, *arguments)

    OpenAiCompatible.ask = noted  # type: ignore[method-assign,assignment]


def recall() -> tuple[int, int]:
    """Return the number of labels found in the labelled files, and the number of labels."""
    gold: dict[str, dict[str, str]] = json.loads((LABELLED / "gold.json").read_text())
    missed = 0
    for name, labels in gold.items():
        content = (LABELLED / name).read_bytes()
        missed += len(misses(preview(content, name), labels, json.loads(content)))
    total = sum(map(len, gold.values()))
    return total - missed, total


def main() -> None:
    """Measure, print, and end with the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    content, calls = document(), list[str]()
    counted(calls)
    first = preview(content)
    memory: dict[str, list[MappingRule]] = {first.fingerprint: decoded(first.mapping)}
    assert preview(content, remembered=memory.get).remembered
    again, typical = timed(lambda: preview(content, remembered=memory.get), rounds)
    new, typically = timed(lambda: preview(content), rounds)
    met, labels = recall()
    leaves = len(first.provenance)
    print(f"{len(content):,} bytes to a preview of {leaves} leaves:")
    print(f"  {again:.2f} ms with the shape remembered (target {TARGET_MS} ms; median {typical:.2f})")
    print(f"  {new:.2f} ms seen for the first time (median {typically:.2f})")
    print(f"{met} of {labels} labels met on the labelled files")
    named = {"seen": "seen", "held": "held back", "second": "second set", "third": "third set", "tongues": "eight languages"}
    halves = {name: measured(name) for name in named}
    seen, held = halves["seen"], halves["held"]
    for name, half in zip(named.values(), halves.values(), strict=True):
        print(
            f"gathered shapes, {name}: {half.met} of {half.asked} labels met, {half.wrong} wrong leaves, {half.kinds} of {half.files} known for what they are"
        )
    told = {"ms": round(again, 3), "llm_calls": len(calls), "recall_seen": round(seen.recall, 4), "recall_held": round(held.recall, 4)}
    print(json.dumps(told | {"wrong": sum(half.wrong for half in halves.values())}))


if __name__ == "__main__":
    main()
