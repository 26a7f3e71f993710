"""Reads XGBoost's models (JSON and UBJSON, formats of 1.0 to 3.x) and trusts nothing in them. XGBoost itself trusts the file: a child out of range crashes it.
So every array is checked here, and this forest serves, not the library.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.forest import Forest, Tree, in_single
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.limits import TreeLimits
from backend.numerics.trees.transfers import plain_json
from backend.numerics.trees.ubjson import is_ubjson, read_ubjson
from backend.numerics.trees.xgboost_errors import UnsupportedTrees
from backend.numerics.trees.xgboost_fields import numbers
from backend.numerics.trees.xgboost_header import Sections, base_score_of, booster_of, names_of, objective_name, width_of
from backend.numerics.trees.xgboost_json import read_json
from backend.numerics.trees.xgboost_tree import read_tree


@dataclass(frozen=True)
class XgboostModel:
    """The model for serving: the forest, the objective's name, the base score of the file (float32), and whether the file names its features."""

    forest: Forest
    objective: str
    base_score: np.float32
    named: bool
    rounds: int
    """Boosting rounds; each added the same number of trees."""
    best_round: int | None
    """Rounds up to the best iteration, if training stopped early."""


def read_xgboost(content: bytes, limits: TreeLimits | None = None) -> XgboostModel:
    """Return the model in a file. Raises `MalformedTrees` for a file that XGBoost would not have written, `UnsupportedTrees` for one that Tiltyard does not
    serve.
    """
    content = plain_json(content)
    return model_of(Sections(read_ubjson(content) if is_ubjson(content) else read_json(content)), limits or TreeLimits())


def model_of(file: Sections, limits: TreeLimits) -> XgboostModel:
    """Return the model of a parsed file. Raises like `read_xgboost`."""
    booster, weights = booster_of(file)
    settings = file.at("learner", "learner_model_param")
    count = width_of(settings, limits)
    names, named = names_of(file.at("learner").get("feature_names"), count)
    trees = trees_of(booster, weights, count, limits)
    objective = objective_name(file.at("learner", "objective").get("name"))
    rounds = _rounds(booster, len(trees))
    found = Forest(trees, names, objective, read=in_single)
    return XgboostModel(found, objective, base_score_of(settings.get("base_score"), objective), named, rounds, _best_round(file, rounds))


def trees_of(booster: dict[str, Any], weights: NDArray[np.float32] | None, features: int, limits: TreeLimits) -> tuple[Tree, ...]:
    """Return the trees of a booster's object, each times its weight. Raises `MalformedTrees`, `UnsupportedTrees`, `CategoricalSplit`."""
    raw = booster.get("trees")
    if not isinstance(raw, list) or not 1 <= len(raw) <= limits.trees:
        raise MalformedTrees(f"`trees` must be 1 to {limits.trees} trees.")
    if np.any(numbers(booster.get("tree_info", []), "tree_info") != 0):
        raise UnsupportedTrees("The trees belong to several outputs; a model that gives one score a row can be served.")
    if weights is not None and len(weights) != len(raw):
        raise MalformedTrees(f"`weight_drop` has {len(weights)} entries, not {len(raw)}.")
    trees = tuple(read_tree(tree, at, features, limits, np.float32(1) if weights is None else weights[at]) for at, tree in enumerate(raw))
    if sum(tree.leaves for tree in trees) > limits.nodes:
        raise MalformedTrees(f"The model has more than {limits.nodes} leaves in total.")
    return trees


def _rounds(booster: dict[str, Any], trees: int) -> int:
    """Return the number of boosting rounds."""
    settings = booster.get("gbtree_model_param")
    each = settings.get("num_parallel_tree", "1") if isinstance(settings, dict) else "1"
    return trees // int(each) if isinstance(each, str) and each.isdecimal() and len(each) < 9 and int(each) > 0 and trees % int(each) == 0 else trees


def _best_round(file: Sections, rounds: int) -> int | None:
    attributes = file.at("learner").get("attributes")
    said = attributes.get("best_iteration") if isinstance(attributes, dict) else None
    return int(said) + 1 if isinstance(said, str) and said.isdecimal() and len(said) < 9 and int(said) < rounds else None
