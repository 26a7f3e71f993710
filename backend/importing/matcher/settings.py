"""Files of nothing but settings, as DVC, Kedro and others keep them (`params.yaml`): part of what describes a model, where they are of a training."""

from typing import Final

from backend.importing.matcher.draft import Draft
from backend.importing.pointers import Path, items, text
from backend.importing.vocabulary import HYPERPARAMETERS, names_algorithm, words
from schemas.common import Json
from schemas.mapping import MappingRule

_TRAINING: Final = ("train", "training", "trainer", "fit", "model", "estimator", "classifier", "regressor", "learner", "booster")
_SEEDS: Final = ("seed", "random_state", "random_seed")
_ENOUGH: Final = 2
"""Known settings that make a section one of a training."""


def of_training(draft: Draft, tree: Json) -> None:
    """The sections of a training, where the file says nothing else of a model: `{"train": {"num_leaves": 31, "learning_rate": 0.05}}`."""
    if draft.is_model() or draft.evidence or draft.several:
        return
    for key, value in items(tree):
        if (words(str(key)) in _TRAINING or names_algorithm(str(key))) and _are_settings(value):
            _take(draft, (key,), value)


def _are_settings(section: Json) -> bool:
    """Plain values, some under the names of known settings. Lists are what a search may try."""
    if not isinstance(section, dict) or not all(isinstance(one, (str, int, float)) for one in section.values()):
        return False
    return sum(words(name) in HYPERPARAMETERS for name in section) >= _ENOUGH


def _take(draft: Draft, path: Path, section: Json) -> None:
    draft.hyperparameters.append((path, MappingRule(kind="scalar", source=text(path), target="/training/hyperparameters")))
    for name, _ in items(section):
        if words(str(name)) in _SEEDS:
            draft.single("/training/seed", (*path, name), 30, "integer")
    draft.says("hyperparameters", 2)
