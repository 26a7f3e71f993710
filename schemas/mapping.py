"""Shapes of mappings: the rules for reading a file's shape."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Json, Shape

RuleKind = Literal["scalar", "rows", "zip", "pairs", "columnar", "confusion", "select", "split_from_key", "parse_json", "const"]
Transform = Literal[
    "number",
    "integer",
    "percent",
    "quantity",
    "count",
    "date",
    "lower",
    "text",
    "metric",
    "metric_split",
    "metric_in_text",
    "split",
    "split_in_text",
    "mean_in_text",
    "std_in_text",
    "min_in_text",
    "max_in_text",
    "median_in_text",
    "task_type",
    "feature_type",
]
Pointer = Annotated[str, msgspec.Meta(max_length=2_000, description="A JSON Pointer (RFC 6901).")]


class MappedBy(StrEnum):
    """The author of a mapping."""

    FORMAT = "format"
    """A known format's."""
    MEMORY = "memory"
    """One that was remembered for files of this shape."""
    MATCHER = "matcher"
    """Found by the hub from words, types and shape."""
    LLM = "llm"
    """The matcher's, with rules that a language model proposed and the hub accepted."""
    PERSON = "person"
    """Edited by hand."""


class MappingPart(Shape, frozen=True, kw_only=True):
    """One field of a row. Its value is at `source` (relative to the rule's match, or from the root with the rule's stars). Or it is the `key`-th captured
    key (1 is the first star), or `const`, a word of the hub's vocabulary.
    """

    target: str
    source: str = ""
    key: int | None = None
    const: str | None = None
    transform: Transform | None = None
    words: dict[str, str] = {}


class MappingWhere(Shape, frozen=True, kw_only=True):
    """Which matches count: those with a value at `source` (or captured `key`) that is one of `words`, or the value at the pointer `by`."""

    source: str = ""
    key: int | None = None
    words: list[str] = []
    negated: bool = False
    """Those whose value is none of `words`."""
    by: str | None = None


class MappingRule(Shape, frozen=True, kw_only=True):
    """Moves the value at `source` to `target`; in both `*` is any one key or index. docs/guide/import.md lists what each kind takes."""

    kind: RuleKind
    source: str
    target: str = ""
    transform: Transform | None = None
    words: dict[str, str] = {}
    const: str | None = None
    parts: list[MappingPart] = []
    where: MappingWhere | None = None
    skip: list[str] = []
    existing: bool = False
    by: list[str] = []
    """`split_from_key`: where a figure is a list of its steps, the item that is greatest by these fields counts, with the value in its last one.
    `rows`, `select`: of rows that differ by their values alone, the one whose place is greatest by these fields counts.
    """
    rules: list["MappingRule"] = []


class SavedMapping(Shape, frozen=True, kw_only=True):
    """A remembered mapping: used for each file of its shape until it is revoked."""

    mapping_id: UUID
    fingerprint: str
    rules: list[MappingRule]
    mapped_by: MappedBy
    format: str | None
    file_name: str
    created_by: str
    created_at: datetime
    times_used: int
    last_used_at: datetime | None
    revoked_by: str | None = None
    revoked_at: datetime | None = None


class MappingRef(Shape, frozen=True, kw_only=True):
    """Which mapping."""

    mapping_id: UUID


class ListMappings(Shape, frozen=True, kw_only=True):
    """Remembered mappings, the latest used first."""

    revoked: bool = False
    """Those that were revoked too."""


class RefusedRule(Shape, frozen=True, kw_only=True):
    """A rule that a language model proposed and the hub does not take, as it was proposed."""

    rule: Json
    reason: str
