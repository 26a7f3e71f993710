"""Plain HTTP endpoints that stand beside the procedures, declared for the OpenAPI document."""

from dataclasses import dataclass, field
from typing import Any, Literal

from backend.access.permissions import P
from backend.errors import HubError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: results are JSON as they are, errors `{"error": {…}}`. `input` is a shape for JSON, or `bytes` for octets."""

    method: Literal["get", "post"]
    path: str
    name: str
    doc: str
    permission: P
    input: Any
    outputs: tuple[Any, ...]
    """What it may answer."""
    errors: tuple[type[HubError], ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    """The variables of the path, with the types of their values."""
