"""Compiled explanations beside shap.TreeExplainer's: same model, same rows, one thread each, in turns.

    python -m benchmarks.explain [--rounds 15]

A LightGBM model of 100 trees x 31 leaves x 20 features is trained on the spot. What is compared are the calls a user would make; times are medians over
the rounds, ratios are shap's time over ours. The last line is the whole as JSON. shap asks LightGBM for path-dependent values, so
the values are compared too; against a background shap keeps some sums in single precision, so there the additivity of both is shown.
"""

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from statistics import median

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import lightgbm as lgb  # noqa: E402  after the thread counts, which are read at import
import numpy as np  # noqa: E402
import shap  # noqa: E402

from backend.numerics.attribution.compiled import CompiledExplainer  # noqa: E402
from backend.numerics.trees.lightgbm_text import read_lightgbm  # noqa: E402

TREES, LEAVES, FEATURES, BACKGROUND, BATCH = 100, 31, 20, 100, 1000
TARGETS = {"path_dependent": (12, 25), "interventional": (40, 150)}


def trained() -> tuple[lgb.Booster, np.ndarray]:
    """A model with interactions, and rows it has seen."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20_000, FEATURES))
    truth = rows[:, :8] @ rng.normal(size=8) + rows[:, 0] * rows[:, 1] + rows[:, 2] * rows[:, 9] + rng.normal(size=len(rows)) > 0
    settings = {"objective": "binary", "num_leaves": LEAVES, "verbose": -1, "num_threads": 1, "seed": 0}
    return lgb.train(settings, lgb.Dataset(rows, truth.astype(int)), TREES), rows


def alternated(ours: Callable[[], object], theirs: Callable[[], object], rounds: int, repeats: int) -> tuple[float, float]:
    """Median seconds of one call of each, taken in turns."""
    ours(), theirs()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, call in enumerate((ours, theirs)):
            started = time.perf_counter()
            for _ in range(repeats):
                call()
            taken[side].append((time.perf_counter() - started) / repeats)
    return median(taken[0]), median(taken[1])


def compared(booster: lgb.Booster, rows: np.ndarray, background: np.ndarray | None, rounds: int) -> dict[str, float]:
    """One kind of explanation: compile time, agreement, and both times by batch size."""
    started = time.perf_counter()
    ours = CompiledExplainer.compile(read_lightgbm(booster.model_to_string().encode()), background)
    found: dict[str, float] = {"compile_s": time.perf_counter() - started, "table_mb": ours.table_bytes / 1e6}
    theirs = shap.TreeExplainer(booster, background, feature_perturbation="tree_path_dependent" if background is None else "interventional", model_output="raw")
    margin, values = booster.predict(rows[:100], raw_score=True), theirs.shap_values(rows[:100])
    found["largest_gap"] = float(np.abs(ours(rows[:100]) - values).max())
    found["our_residual"] = float(np.abs(ours.base + ours(rows[:100]).sum(axis=1) - margin).max())
    found["shap_residual"] = float(np.abs(theirs.expected_value + values.sum(axis=1) - margin).max())
    for size, repeats in ((1, 20), (BATCH, 1)):
        part = rows[:size]
        mine, other = alternated(lambda part=part: ours(part), lambda part=part: theirs.shap_values(part), rounds, repeats)
        found |= {f"ours_us_per_row_{size}": mine / size * 1e6, f"shap_us_per_row_{size}": other / size * 1e6, f"ratio_{size}": other / mine}
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Compiled explanations beside shap.TreeExplainer's.")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    warnings.filterwarnings("ignore", category=UserWarning)
    booster, rows = trained()
    results = {}
    for kind, background in (("path_dependent", None), ("interventional", rows[-BACKGROUND:])):
        found = results[kind] = compared(booster, rows, background, rounds)
        print(f"{kind}: compiled in {found['compile_s']:.2f} s, {found['table_mb']:.1f} MB, largest gap to shap {found['largest_gap']:.1e}")
        for size, target in zip((1, BATCH), TARGETS[kind], strict=True):
            times = f"{found[f'ours_us_per_row_{size}']:.1f} us a row, shap {found[f'shap_us_per_row_{size}']:.1f}"
            print(f"  {size:>4} rows: {times}: {found[f'ratio_{size}']:.1f} x (target {target} x)")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
