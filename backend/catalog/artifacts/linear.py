"""Linear JSON: Tiltyard's own small format for linear models and scorecards."""

from backend.catalog.artifacts import errors
from backend.catalog.artifacts.facts import ArtifactFacts
from backend.numerics.linear import MalformedLinear, read_linear
from schemas.catalog import ArtifactKind


def linear_facts(content: bytes, sha256: str) -> ArtifactFacts:
    """Return the facts of a linear model."""
    try:
        model = read_linear(content)
    except MalformedLinear as error:
        raise errors.MalformedArtifact(
            f"This is linear JSON, but not as it must be: {error} The form is "
            '{"format": "linear", "features": [names], "coefficients": [numbers], "intercept": number, "link": "identity", "logit" or "log"}, '
            "with `terms` for bins, levels and missing values."
        ) from error
    levels = {name: model.levels[name] for name in model.features if name in model.levels}
    return ArtifactFacts(
        kind=ArtifactKind.LINEAR,
        sha256=sha256,
        size_bytes=len(content),
        features=model.features,
        named=True,
        outputs=1,
        objective=model.link,
        classes=("0", "1") if model.logit else (),
        probability=model.logit,
        category_lists=tuple(map(tuple, levels.values())),
        infos=tuple(_info(len(levels.get(name, ()))) for name in model.features),
        takes_missing=model.takes_missing,
    )


def _info(levels: int) -> str:
    """Return which codes a feature has, as LightGBM writes `feature_infos`.

    >>> _info(0), _info(1), _info(3)
    ('none', '0:0', '0:0:1:2')
    """
    return ":".join(["0", *map(str, range(levels))]) if levels else "none"
