"""Shapes of an import: how a file was understood, before anything is stored."""

from typing import Any

from schemas.common import Issue, Json, Shape


class Claim(Shape, frozen=True, kw_only=True):
    """Something the file says, and where."""

    pointer: str
    value: Json


class Contradiction(Shape, frozen=True, kw_only=True):
    """Things the file says that cannot all be true; `target` is the place of the document that they concern."""

    target: str
    message: str
    claims: list[Claim]


class ImportPreview(Shape, frozen=True, kw_only=True):
    """How a file was understood. `document` is null when the file describes no model; `several_models` names those it describes when it is more than one.

    `provenance` has the source pointer of each of the document's leaves; `transforms` how those were changed whose notation was. A source `file:…` is the
    name of the file itself.
    """

    document: dict[str, Any] | None
    provenance: dict[str, str]
    transforms: dict[str, str] = {}
    unmapped: list[str]
    contradictions: list[Contradiction]
    several_models: list[str] | None
    picked: str | None = None
    format: str | None
    mapping: list[dict[str, Any]]
    remembered: bool = False
    fingerprint: str
    sha256: str
    warnings: list[Issue] = []
    questions: list[str] = []
