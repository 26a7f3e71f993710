"""Reads files of settings alone, such as `params.yaml` of DVC and Kedro. Settings of a training are part of a model's description."""

from typing import Final

from backend.importing.matcher.draft import Draft
from backend.importing.pointers import Path, items, text
from backend.importing.vocabulary import HYPERPARAMETERS, names_algorithm, words
from schemas.common import Json
from schemas.mapping import MappingRule

_TRAINING: Final = ("train", "training", "trainer", "fit", "model", "estimator", "classifier", "regressor", "learner", "booster")
_SEEDS: Final = ("seed", "random_state", "random_seed")
_ENOUGH: Final = 2
"""Number of known settings from which a section is about a training."""


def of_training(draft: Draft, tree: Json) -> None:
    """Read the sections of a training, if the file has no other facts about a model: `{"train": {"num_leaves": 31, "learning_rate": 0.05}}`."""
    if draft.is_model() or draft.evidence or draft.several:
        return
    for key, value in items(tree):
        if (words(str(key)) in _TRAINING or names_algorithm(str(key))) and _are_settings(value):
            _take(draft, (key,), value)


def _are_settings(section: Json) -> bool:
    """Return whether these are plain values, some of them under names of known settings. A list holds the values of a search."""
    if not isinstance(section, dict) or not all(isinstance(one, (str, int, float)) for one in section.values()):
        return False
    return sum(words(name) in HYPERPARAMETERS for name in section) >= _ENOUGH


def _take(draft: Draft, path: Path, section: Json) -> None:
    draft.hyperparameters.append((path, MappingRule(kind="scalar", source=text(path), target="/training/hyperparameters")))
    for name, _ in items(section):
        if words(str(name)) in _SEEDS:
            draft.single("/training/seed", (*path, name), 30, "integer")
    draft.says("hyperparameters", 2)
