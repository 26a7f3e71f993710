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
            '{"format": "linear", "features": [names], "coefficients": [numbers], "intercept": number, "link": "identity" or "logit"}.'
        ) from error
    objective = "logit" if model.logit else "identity"
    return ArtifactFacts(
        kind=ArtifactKind.LINEAR,
        sha256=sha256,
        size_bytes=len(content),
        features=model.features,
        named=True,
        outputs=1,
        objective=objective,
        classes=("0", "1") if model.logit else (),
        probability=model.logit,
    )
