"""Live events of the inference log."""

from backend.declarations.events import EventKind
from schemas.common import Shape


class ExplanationsDoubted(Shape, frozen=True, kw_only=True):
    """`count` explanations of a batch do not add up to the model's output; `worst` is the largest residual, in the explanation's own space."""

    count: int
    worst: float


EXPLANATIONS_DOUBTED = EventKind("explanations.doubted", ExplanationsDoubted, "Explanations do not add up to the output. The subject is the group's slug.")
