"""The parts of an XGBoost file beside its trees, from its parsed objects."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.limits import TreeLimits
from backend.numerics.trees.xgboost_errors import UnsupportedTrees
from backend.numerics.trees.xgboost_fields import numbers
from backend.numerics.trees.xgboost_objectives import EXPONENTIAL, LOGISTIC, SERVED

NEAREST = np.float32(1e-6)
"""The smallest distance to 0 or 1 at which XGBoost takes a base score that is a probability."""


@dataclass(frozen=True)
class Sections:
    """The parsed file, nested objects by name."""

    tree: Any

    def at(self, *names: str) -> dict[str, Any]:
        """Return the object at this path of names."""
        found = self.tree
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise MalformedTrees(f"`{'.'.join(names)}` is missing, or is no object.")
        return found


def booster_of(file: Sections) -> tuple[dict[str, Any], NDArray[np.float32] | None]:
    """Return the trees' object, and each tree's weight if training dropped trees (dart)."""
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


def width_of(settings: dict[str, Any], limits: TreeLimits) -> int:
    """Return the number of features in `learner_model_param`, for a model that gives one number per row. Raises `MalformedTrees`, `UnsupportedTrees`."""
    classes, targets = (whole(settings, name, "0") for name in ("num_class", "num_target"))
    if max(classes, targets) > 1:
        raise UnsupportedTrees(f"The model gives {max(classes, targets)} numbers a row; a model that gives one score a row can be served.")
    count = whole(settings, "num_feature", None)
    if not 1 <= count <= limits.features:
        raise MalformedTrees(f"learner_model_param: the model has {count} features; 1 to {limits.features} are allowed.")
    return count


def names_of(said: Any, count: int) -> tuple[list[str], bool]:
    """Return the features' names, and whether the file gives them. Raises `MalformedTrees`."""
    if said is None or (isinstance(said, list | np.ndarray) and len(said) == 0):
        return [f"f{i}" for i in range(count)], False
    if not isinstance(said, list) or len(said) != count or not all(isinstance(name, str) and name for name in said) or len(set(said)) != count:
        raise MalformedTrees(f"`feature_names` must be {count} different names (num_feature).")
    return said, True


def whole(settings: dict[str, Any], name: str, default: str | None) -> int:
    """Return a setting: a whole number, written as text. Raises `MalformedTrees`."""
    said = settings.get(name, default)
    if not isinstance(said, str) or not said.isdecimal() or len(said) > 9:
        raise MalformedTrees(f"learner_model_param: `{name}` must be a whole number written as text.")
    return int(said)


def objective_name(found: Any) -> str:
    """Return the objective's name, if Tiltyard serves it. Raises `MalformedTrees`, `UnsupportedTrees`."""
    if not isinstance(found, str):
        raise MalformedTrees("`objective` has no name.")
    if found not in SERVED:
        raise UnsupportedTrees(f"The objective {found[:60]!r} does not give one score a row that is known here; {', '.join(sorted(SERVED))} are served.")
    return found


def base_score_of(said: Any, objective: str) -> np.float32:
    """Return the base score from text: `5E-1`, or `[5E-1]` since XGBoost 3.1. A probability of 0 or 1 is moved inside, as XGBoost does. If the objective takes
    the logarithm, the score must have one. Raises `MalformedTrees`, `UnsupportedTrees`.
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
