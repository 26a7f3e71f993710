"""LightGBM text: our own reader reads it, never the library."""

from backend.catalog.artifacts import errors
from backend.catalog.artifacts.facts import ArtifactFacts
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.lightgbm_objectives import PROBABILITIES
from backend.numerics.trees.lightgbm_text import read_lightgbm
from schemas.catalog import ArtifactKind


def lightgbm_facts(content: bytes, sha256: str) -> ArtifactFacts:
    """Return the facts of a LightGBM text file, and check every tree."""
    try:
        forest = read_lightgbm(content)
    except MalformedTrees as error:
        raise errors.MalformedArtifact(
            f"This begins like LightGBM text but is not sound. {error} Export it again with `booster.save_model('model.txt')`."
        ) from error
    if forest.outputs != 1:
        raise errors.UnsupportedModel(f"The model gives {forest.outputs} numbers per row (one per class); Tiltyard serves models that give one score per row.")
    probability = forest.objective.split(" ")[0] in PROBABILITIES
    return ArtifactFacts(
        kind=ArtifactKind.LIGHTGBM,
        sha256=sha256,
        size_bytes=len(content),
        features=forest.features,
        named=forest.features != [f"Column_{i}" for i in range(len(forest.features))],
        outputs=1,
        objective=forest.objective or None,
        trees=len(forest.trees),
        leaves=sum(tree.leaves for tree in forest.trees),
        classes=("0", "1") if probability else (),
        probability=probability,
        category_lists=forest.category_lists,
        infos=forest.infos,
        takes_missing=tuple(forest.takes_missing),
    )
