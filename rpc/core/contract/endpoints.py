"""Plain HTTP endpoints beside the procedures, declared for the OpenAPI document."""

from dataclasses import dataclass, field
from typing import Any, Literal

from backend.access.permissions import P
from backend.errors import HubError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: results are plain JSON, errors `{"error": {…}}`. `input` is a shape for JSON, or `bytes` for octets."""

    method: Literal["get", "post"]
    path: str
    name: str
    doc: str
    permission: P
    input: Any
    outputs: tuple[Any, ...]
    """Its possible answers."""
    errors: tuple[type[HubError], ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    """The variables of the path, with their types."""
