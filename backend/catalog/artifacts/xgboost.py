"""XGBoost JSON and UBJ: our own reader reads them, never the library."""

from backend.catalog.artifacts import errors
from backend.catalog.artifacts.facts import ArtifactFacts
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.xgboost_errors import UnsupportedTrees
from backend.numerics.trees.xgboost_model import read_xgboost
from backend.numerics.trees.xgboost_objectives import HINGE, LOG_ODDS, LOGISTIC
from backend.numerics.trees.xgboost_tree import CategoricalSplit
from schemas.catalog import ArtifactKind


def xgboost_facts(content: bytes, sha256: str) -> ArtifactFacts:
    """Return the facts of an XGBoost model, and check every tree."""
    try:
        model = read_xgboost(content)
    except MalformedTrees as error:
        raise errors.MalformedArtifact(
            f"This begins like an XGBoost model but is not sound. {error} Save it again with `booster.save_model('model.ubj')`."
        ) from error
    except UnsupportedTrees as error:
        raise errors.UnsupportedModel(str(error)) from error
    except CategoricalSplit as error:
        raise errors.UnsupportedModel(
            "The model splits by categories (enable_categorical), which Tiltyard does not serve. Train it on numbers: one column per category, or target means."
        ) from error
    return ArtifactFacts(
        kind=ArtifactKind.XGBOOST,
        sha256=sha256,
        size_bytes=len(content),
        features=model.forest.features,
        named=model.named,
        outputs=1,
        objective=model.objective,
        trees=len(model.forest.trees),
        leaves=sum(tree.leaves for tree in model.forest.trees),
        classes=("0", "1") if model.objective in LOGISTIC | HINGE | LOG_ODDS else (),
        probability=model.objective in LOGISTIC | HINGE,
        rounds=model.rounds,
        best_round=model.best_round,
        takes_missing=tuple(model.forest.takes_missing),
    )
