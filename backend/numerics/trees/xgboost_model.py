"""A reader of XGBoost's models (JSON and UBJSON, formats of 1.0 to 3.x) that believes nothing.

XGBoost itself trusts the file: a child out of range is a crash. So every array is checked here, and what serves is the forest read
here, not the library.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.forest import Forest, in_single
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.lightgbm_text import Limits
from backend.numerics.trees.ubjson import is_ubjson, read_ubjson
from backend.numerics.trees.xgboost_fields import numbers
from backend.numerics.trees.xgboost_objectives import EXPONENTIAL, LOGISTIC, SERVED
from backend.numerics.trees.xgboost_tree import read_tree

JSON_LIMIT = 64 * 1024 * 1024
"""Text takes twenty times its size to read; UBJSON does not."""


NEAREST = np.float32(1e-6)
"""How near to 0 or 1 XGBoost takes a base score that is a probability."""


class UnsupportedTrees(ValueError):
    """The model is sound but of a kind that is not served."""


@dataclass(frozen=True)
class XgboostModel:
    """What serves: the forest, the objective's name, the base score as the file has it (float32), and whether the file names its features."""

    forest: Forest
    objective: str
    base_score: np.float32
    named: bool
    rounds: int
    """Boosting rounds; each added as many trees as another."""
    best_round: int | None
    """Rounds up to the best iteration, where training stopped early."""


def read_xgboost(content: bytes, limits: Limits | None = None) -> XgboostModel:
    """The model in a file. Raises `MalformedTrees` for what XGBoost would not have written, `UnsupportedTrees` for what is not served."""
    limits = limits or Limits()
    file = _File(read_ubjson(content) if is_ubjson(content) else _read_json(content))
    booster, weights = _booster(file)
    settings = file.at("learner", "learner_model_param")
    classes, targets = (_whole(settings, name, "0") for name in ("num_class", "num_target"))
    if max(classes, targets) > 1:
        raise UnsupportedTrees(f"The model gives {max(classes, targets)} numbers a row; a model that gives one score a row can be served.")
    count = _whole(settings, "num_feature", None)
    if not 1 <= count <= limits.features:
        raise MalformedTrees(f"learner_model_param: the model has {count} features; 1 to {limits.features} are allowed.")
    names, named = _names(file.at("learner").get("feature_names"), count)
    raw = booster.get("trees")
    if not isinstance(raw, list) or not 1 <= len(raw) <= limits.trees:
        raise MalformedTrees(f"`trees` must be 1 to {limits.trees} trees.")
    if np.any(numbers(booster.get("tree_info", []), "tree_info") != 0):
        raise UnsupportedTrees("The trees belong to several outputs; a model that gives one score a row can be served.")
    if weights is not None and len(weights) != len(raw):
        raise MalformedTrees(f"`weight_drop` has {len(weights)} entries, not {len(raw)}.")
    trees = tuple(read_tree(tree, at, count, limits, np.float32(1) if weights is None else weights[at]) for at, tree in enumerate(raw))
    if sum(tree.leaves for tree in trees) > limits.nodes:
        raise MalformedTrees(f"The model has more than {limits.nodes} leaves in all.")
    objective = _objective(file)
    rounds = _rounds(booster, len(trees))
    found = Forest(trees, names, objective, read=in_single)
    return XgboostModel(found, objective, _base_score(settings.get("base_score"), objective), named, rounds, _best_round(file, rounds))


def _rounds(booster: dict[str, Any], trees: int) -> int:
    """How many boosting rounds made the trees."""
    settings = booster.get("gbtree_model_param")
    each = settings.get("num_parallel_tree", "1") if isinstance(settings, dict) else "1"
    return trees // int(each) if isinstance(each, str) and each.isdecimal() and len(each) < 9 and int(each) > 0 and trees % int(each) == 0 else trees


def _best_round(file: "_File", rounds: int) -> int | None:
    attributes = file.at("learner").get("attributes")
    said = attributes.get("best_iteration") if isinstance(attributes, dict) else None
    return int(said) + 1 if isinstance(said, str) and said.isdecimal() and len(said) < 9 and int(said) < rounds else None


@dataclass(frozen=True)
class _File:
    tree: Any

    def at(self, *names: str) -> dict[str, Any]:
        """An object by the names that lead to it."""
        found = self.tree
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise MalformedTrees(f"`{'.'.join(names)}` is missing, or is no object.")
        return found


def _read_json(content: bytes) -> Any:
    if len(content) > JSON_LIMIT:
        raise UnsupportedTrees(f"A model of more than {JSON_LIMIT // 1024**2} MiB is taken as UBJSON, which is smaller: `booster.save_model('model.ubj')`.")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) != len(found):
            raise MalformedTrees("A name is there twice in one object.")
        return made

    try:
        return json.loads(content, object_pairs_hook=pairs)
    except RecursionError:
        raise MalformedTrees("The file is nested deeper than a model is.") from None
    except json.JSONDecodeError as error:
        raise MalformedTrees(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except ValueError as error:
        raise MalformedTrees(f"The file is not JSON: {str(error)[:100]}.") from error


def _booster(file: _File) -> tuple[dict[str, Any], NDArray[np.float32] | None]:
    """The trees' object, and each tree's weight where trees were dropped in training."""
    booster = file.at("learner", "gradient_booster")
    match booster.get("name"):
        case "gbtree":
            return file.at("learner", "gradient_booster", "model"), None
        case "dart":
            weights = numbers(booster.get("weight_drop"), "weight_drop").astype(np.float32)
            return file.at("learner", "gradient_booster", "gbtree", "model"), weights
        case "gblinear":
            raise UnsupportedTrees("This is a linear booster; upload its coefficients as linear JSON instead.")
        case other:
            raise MalformedTrees(f"The booster is {str(other)[:40]!r}; gbtree and dart are read.")


def _names(said: Any, count: int) -> tuple[list[str], bool]:
    if said is None or len(said) == 0:
        return [f"f{i}" for i in range(count)], False
    if not isinstance(said, list) or len(said) != count or not all(isinstance(name, str) and name for name in said) or len(set(said)) != count:
        raise MalformedTrees(f"`feature_names` must be {count} different names (num_feature).")
    return said, True


def _whole(settings: dict[str, Any], name: str, default: str | None) -> int:
    said = settings.get(name, default)
    if not isinstance(said, str) or not said.isdecimal() or len(said) > 9:
        raise MalformedTrees(f"learner_model_param: `{name}` must be a whole number written as text.")
    return int(said)


def _objective(file: _File) -> str:
    found = file.at("learner", "objective").get("name")
    if not isinstance(found, str):
        raise MalformedTrees("`objective` has no name.")
    if found not in SERVED:
        raise UnsupportedTrees(f"The objective {found[:60]!r} does not give one score a row that is known here; {', '.join(sorted(SERVED))} are served.")
    return found


def _base_score(said: Any, objective: str) -> np.float32:
    """A number as text: `5E-1`, or `[5E-1]` since XGBoost 3.1. A probability is moved inside 0 to 1, as XGBoost does; another
    that the objective takes the logarithm of must have one. Raises `MalformedTrees`, `UnsupportedTrees`.
    """
    text = said.strip() if isinstance(said, str) else ""
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        found = np.float32(float(text))
    except ValueError:
        raise MalformedTrees(f"learner_model_param: `base_score` must be one number, not {str(said)[:40]!r}.") from None
    if not np.isfinite(found):
        raise MalformedTrees("learner_model_param: `base_score` must be finite.")
    if objective in LOGISTIC and 0 <= found <= 1:
        return np.clip(found, NEAREST, np.float32(1) - NEAREST)
    if objective in LOGISTIC or (objective in EXPONENTIAL and not found > 0):
        raise UnsupportedTrees(
            f"The model starts from the base score {found:g}, which {objective} has no margin for. XGBoost takes the mean of the training labels: "
            "train on labels that are not all alike, or state another `base_score`."
        )
    return found
