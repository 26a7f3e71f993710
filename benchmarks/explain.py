"""Compiled explanations beside shap.TreeExplainer's: same model, same rows, one thread each, in turns.

python -m benchmarks.explain [--rounds 5] [--others 2]

It trains a LightGBM model of 100 trees x 31 leaves x 20 features; batches of 1,000, 100 background rows. It compares the calls that a user would make. Ratios
are medians over the rounds of one round's ratio, the other's time over ours. Figures of other depths and kinds come first, then those of that model. The last
line is JSON. Its `max_abs_diff` is against the definition over all subsets and, path-dependent, against shap too.
"""

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

os.environ.setdefault("TQDM_DISABLE", "1")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import lightgbm as lgb  # noqa: E402  after the thread counts, which are read at import
import numpy as np  # noqa: E402
import shap  # noqa: E402
import skl2onnx  # noqa: E402
import xgboost as xgb  # noqa: E402
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier  # noqa: E402

from backend.numerics.attribution.compiled import CompiledExplainer  # noqa: E402
from backend.numerics.trees.forest import Forest  # noqa: E402
from backend.numerics.trees.lightgbm_text import read_lightgbm  # noqa: E402
from backend.numerics.trees.onnx_forest import onnx_forest  # noqa: E402
from backend.numerics.trees.xgboost_model import read_xgboost  # noqa: E402
from benchmarks.explain_oracle import by_definition  # noqa: E402

TREES, LEAVES, FEATURES, BACKGROUND, BATCH = 100, 31, 20, 100, 1000
AIMS = {
    "path_single_vs_shap": 12, "path_batch_vs_shap": 25, "interventional_single_vs_shap": 40, "interventional_batch_vs_shap": 150, "batch_vs_pred_contrib": 25,
}  # fmt: skip
OTHER_BATCH = 200


@dataclass(frozen=True)
class Model:
    """One model in both forms: the forest to compile, and shap's model."""

    name: str
    forest: Forest
    theirs: Any
    path: bool = True


def shrink() -> None:
    """Everything as small as it may be; the figures then say nothing."""
    global TREES, FEATURES, BACKGROUND, BATCH
    TREES, FEATURES, BACKGROUND, BATCH = 5, 10, 10, 20


def data() -> tuple[np.ndarray, np.ndarray]:
    """Return rows, and a yes or no with interactions. They are in single precision, which every kind reads alike."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20_000, FEATURES)).astype(np.float32).astype(np.float64)
    return rows, (rows[:, :8] @ rng.normal(size=8) + rows[:, 0] * rows[:, 1] + rows[:, 2] * rows[:, 9] + rng.normal(size=len(rows)) > 0).astype(int)


def lightgbm(rows: np.ndarray, truth: np.ndarray, leaves: int = LEAVES) -> Model:
    """Train a LightGBM model with this number of leaves per tree."""
    settings = {"objective": "binary", "num_leaves": leaves, "verbose": -1, "num_threads": 1, "seed": 0}
    booster = lgb.train(settings, lgb.Dataset(rows, truth), TREES)
    return Model(f"LightGBM, {leaves} leaves", read_lightgbm(booster.model_to_string().encode()), booster)


def others(rows: np.ndarray, truth: np.ndarray) -> list[Model]:
    """Return other depths and kinds, with the same number of trees. ONNX has no covers, so only its interventional values are compared."""
    found = [lightgbm(rows, truth, leaves) for leaves in (7, 127)]
    for depth in (4, 6, 8):
        booster = xgb.train({"objective": "binary:logistic", "max_depth": depth, "nthread": 1, "seed": 0}, xgb.DMatrix(rows, label=truth), TREES)
        found.append(Model(f"XGBoost, depth {depth}", read_xgboost(bytes(booster.save_raw("ubj"))).forest, booster))
    few = rows[:4000], truth[:4000]
    for name, model in {
        "scikit-learn boosting in ONNX": GradientBoostingClassifier(n_estimators=TREES, max_depth=4, random_state=0),
        "scikit-learn forest in ONNX": RandomForestClassifier(TREES, max_leaf_nodes=31, random_state=0),
    }.items():
        made = skl2onnx.to_onnx(model.fit(*few), rows[:1].astype(np.float32), options={"zipmap": False})
        found.append(Model(name, onnx_forest(made, "probabilities", [f"f{i}" for i in range(FEATURES)]).forest, model, path=False))
    return found


def ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int, repeats: int) -> tuple[float, float]:
    """Return how many times as long theirs takes (median over rounds, in turns), and the median seconds of ours."""
    ours(), theirs()
    ratios, mine = [], []
    for _ in range(rounds):
        taken = []
        for call in (ours, theirs):
            started = time.perf_counter()
            for _ in range(repeats):
                call()
            taken.append((time.perf_counter() - started) / repeats)
        ratios.append(taken[1] / taken[0])
        mine.append(taken[0])
    return median(ratios), median(mine)


def compared(model: Model, rows: np.ndarray, background: np.ndarray | None, rounds: int, batch: int) -> tuple[dict[int, float], float]:
    """Print and return the ratio by batch size, and the largest gap to shap."""
    started = time.perf_counter()
    ours = CompiledExplainer.compile(model.forest, background)
    compiled = time.perf_counter() - started
    kind = "tree_path_dependent" if background is None else "interventional"
    theirs = shap.TreeExplainer(model.theirs, background, feature_perturbation=kind, model_output="raw")
    values = np.asarray(theirs.shap_values(rows[:100]))
    gap = float(np.abs(ours(rows[:100]) - (values[..., 1] if values.ndim == 3 else values)).max())
    found, words = {}, []
    for size, repeats in ((1, 20), (batch, 1)):
        part = rows[:size]
        found[size], mine = ratio(lambda part=part: ours(part), lambda part=part: theirs.shap_values(part), rounds, repeats)
        words.append(f"{found[size]:.1f} x at {size} ({mine / size * 1e6:.1f} us a row)")
    print(
        f"{model.name}, {kind.replace('tree_', '').replace('_', '-')}: {', '.join(words)}; compiled in {compiled:.2f} s, {ours.table_bytes / 1e6:.1f} MB, ",
        end="",
    )
    print(f"{ours.deep_leaves} deep leaves, gap to shap {gap:.1e}", flush=True)
    return found, gap


def beside_pred_contrib(model: Model, rows: np.ndarray, rounds: int) -> float:
    """Compare with LightGBM's own contributions."""
    ours, part = CompiledExplainer.compile(model.forest), rows[:BATCH]
    found, _ = ratio(lambda: ours(part), lambda: model.theirs.predict(part, pred_contrib=True, num_threads=1), rounds, 1)
    print(f"{model.name}: {found:.1f} x LightGBM's pred_contrib at {BATCH}")
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Compiled explanations beside shap.TreeExplainer's.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--others", type=int, default=2, help="rounds for other depths and kinds; 0 leaves them out")
    parser.add_argument("--small", action="store_true", help="a model of 5 trees and 10 features, to see that it works")
    asked = parser.parse_args()
    if asked.small:
        shrink()
    warnings.filterwarnings("ignore", category=UserWarning)
    rows, truth = data()
    background = rows[-BACKGROUND:]
    for model in others(rows, truth) if asked.others else []:
        for reference in [None, background] if model.path else [background]:
            compared(model, rows, reference, asked.others, OTHER_BATCH)
    chosen = lightgbm(rows, truth)
    path, gap = compared(chosen, rows, None, asked.rounds, BATCH)
    against, _ = compared(chosen, rows, background, asked.rounds, BATCH)
    gaps = [gap]
    for reference in (None, background):
        exact = np.array([by_definition(chosen.forest, row, reference) for row in rows[:3]])
        gaps.append(float(np.abs(CompiledExplainer.compile(chosen.forest, reference)(rows[:3]) - exact).max()))
    print(f"largest gap to the definition over all subsets: {max(gaps[1:]):.1e} (shap keeps some interventional sums in single precision)")
    found = dict(zip(AIMS, (path[1], path[BATCH], against[1], against[BATCH], beside_pred_contrib(chosen, rows, asked.rounds)), strict=True))
    print("aims: " + ", ".join(f"{name} >= {aim}" for name, aim in AIMS.items()) + ", max_abs_diff <= 1e-9")
    print(json.dumps({name: round(value, 1) for name, value in found.items()} | {"max_abs_diff": max(gaps)}))


if __name__ == "__main__":
    main()
