"""Shapes of an import: how a file was understood, what is open, and what is kept of it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from schemas.catalog import Semver
from schemas.common import Issue, Json, Name, Shape, Slug
from schemas.import_sharing import ImportMode, Shows
from schemas.mapping import MappedBy, MappingRule, Pointer, RefusedRule, SavedMapping


class Claim(Shape, frozen=True, kw_only=True):
    """Something the file says, where, and the place of the document it went to."""

    pointer: str
    value: Json
    target: str = ""
    reading: str | None = None
    """How the value has to be read to be this, where it can be read in two ways."""


class Decision(Shape, frozen=True, kw_only=True):
    """What a person decided about the value that stands at `source` in the file. A source says the same whatever else changes in the document.

    - `keep`: what is shown stays, although something contradicts it
    - `take`: the value at `other` goes into the document in its stead (two of them swap two values)
    - `percent`: it is a percentage: 97.3 is 0.973
    - `leave_out`: it does not go into the document; nor does a row that needs it
    - `thousands`, `decimal`: what the comma of `1,912` is; `as_written`: 0.91 is 0.91, although a rule says per cent"""

    source: Pointer
    choice: Literal["keep", "take", "percent", "leave_out", "thousands", "decimal", "as_written"]
    other: Pointer | None = None


class Choice(Shape, frozen=True, kw_only=True):
    """One way to settle a contradiction: what it is called, and the decisions that it makes."""

    label: str
    decisions: list[Decision]


class Contradiction(Shape, frozen=True, kw_only=True):
    """Things the file says that cannot all be true; `target` is the place of the document that they concern. `settled`: a person decided that they stay."""

    target: str
    message: str
    claims: list[Claim]
    settled: bool = False
    unclear: bool = False
    """One value that can be read in two ways; until it is decided, it is not in the document."""
    choices: list[Choice] = []


class Candidate(Shape, frozen=True, kw_only=True):
    """One of several models of a file: its figures (`roc_auc`, `test roc_auc`), and where the file says that it is the best, by name or by the same figures."""

    name: str
    figures: dict[str, float] = {}
    best_by: str | None = None


class ImportPreview(Shape, frozen=True, kw_only=True):
    """The reading of a file. `document` is null when the file describes no model; `several_models` names the models when there is more than one.

    `provenance` has the source pointer of each of the document's leaves; `transforms` the changes of notation. A source `file:…` is the name of the file
    itself."""

    document: dict[str, Any] | None
    provenance: dict[str, str]
    transforms: dict[str, str] = {}
    unmapped: list[str]
    contradictions: list[Contradiction]
    several_models: list[str] | None
    candidates: list[Candidate] = []
    picked: str | None = None
    format: str | None
    mapping: list[dict[str, Any]]
    remembered: bool = False
    fingerprint: str
    sha256: str
    warnings: list[Issue] = []
    questions: list[str] = []


class SourceLeaf(Shape, frozen=True, kw_only=True):
    """A value of the file: where it stands, and (long texts cut) what it is."""

    pointer: str
    value: Json


class SourceOf(Shape, frozen=True, kw_only=True):
    """The source of a document's value. `pointer` leads into the file; `file:…` is the file's own name, `person:…` the person who confirmed it.

    `value` is the text there; `transform` is the change of its notation: a rule's transform, `words`, `key` (a word of the key) or `const`."""

    pointer: str
    value: Json = None
    transform: str | None = None


class ImportedVersion(Shape, frozen=True, kw_only=True):
    """A version with a document from the same bytes."""

    version_id: UUID
    model_name: Name
    model_slug: Slug
    label: str
    imported_at: datetime


class UnsupportedValue(Shape, frozen=True, kw_only=True):
    """A value that a language model wrote and the file does not say. It is kept out of the document until a person confirms it."""

    target: str
    value: Json
    reason: str
    confirmed: bool = False


class LlmReport(Shape, frozen=True, kw_only=True):
    """What a language model was asked and what came of it. `reason` and `message` say what went wrong; then the hub's own reading stands."""

    connector_id: UUID
    connector: str
    model: str | None
    mode: ImportMode
    calls: int
    accepted: list[MappingRule]
    refused: list[RefusedRule]
    dropped: list[RefusedRule] = []
    """Parts of accepted rules that were left out; the rest of their rows is taken."""
    shows: Shows = Shows.KEYS
    instructions: str = ""
    sent: list[str] = []
    """What left the hub, call by call, word for word; `instructions` go before each. Nothing else is sent."""
    unsupported: list[UnsupportedValue] = []
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float
    reason: str | None = None
    message: str | None = None


class ImportDraft(Shape, frozen=True, kw_only=True):
    """A file as it was understood, kept until it is committed, discarded or `expires_at`. Nothing of it is in the catalog yet.

    `document` is null when the file describes no model. `provenance` has the source of each of the document's leaves, by their pointer. `unmapped` are the
    file's values that found no place. `open` says what is to be decided before it can be committed; empty means ready."""

    draft_id: UUID
    file_name: str
    size_bytes: int
    sha256: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    format: str | None
    mapped_by: MappedBy
    document: dict[str, Any] | None
    provenance: dict[str, SourceOf]
    unmapped: list[SourceLeaf]
    contradictions: list[Contradiction]
    several_models: list[str] | None
    candidates: list[Candidate] = []
    picked: str | None
    mapping: list[MappingRule]
    decisions: list[Decision]
    remembered: SavedMapping | None
    llm: LlmReport | None
    duplicate_of: list[ImportedVersion]
    reimport_of: UUID | None
    """The version with this stored source."""
    model: Slug | None
    """The model that a new version is suggested for."""
    version: str | None
    """The version number that is suggested."""
    warnings: list[Issue]
    questions: list[str]
    open: list[Issue]
    fingerprint: str


class DraftRef(Shape, frozen=True, kw_only=True):
    """Which draft."""

    draft_id: UUID


class DiscardedDraft(Shape, frozen=True, kw_only=True):
    """The draft and its bytes are gone."""

    draft_id: UUID


class ProposeImport(Shape, frozen=True, kw_only=True):
    """A file to read: its `text`, or `file` with its bytes (base64 in JSON; in a form, the file itself, and its name serves as `name`).

    With `connector_id` a language model is asked about what the hub leaves open; `llm_model` is one of `connectors.models`, else the hub chooses. `model` is
    the model for a new version. `pick` chooses one model when the file describes several."""

    name: Name = "model"
    text: str | None = None
    file: bytes | None = None
    pick: str | None = None
    model: Slug | None = None
    connector_id: UUID | None = None
    llm_model: str | None = None
    mode: ImportMode = ImportMode.MAP
    agreed: bool = False
    """What leaves the hub was seen. Needed once a tenant, before its first question to a language model."""
    use_memory: bool = True
    """False: look at the file anew although its shape is known."""


class ReviseImport(Shape, frozen=True, kw_only=True):
    """A person's corrections of a draft. A null field stays as it is; a list replaces the earlier one. `confirmed` are places of the document with a correct
    unsupported value. With `connector_id` a language model is asked about what is open now."""

    draft_id: UUID
    mapping: list[MappingRule] | None = None
    decisions: list[Decision] | None = None
    confirmed: list[Pointer] | None = None
    pick: str | None = None
    connector_id: UUID | None = None
    llm_model: str | None = None
    mode: ImportMode = ImportMode.MAP
    agreed: bool = False
    """What leaves the hub was seen. Needed once a tenant, before its first question to a language model."""


class NewModel(Shape, frozen=True, kw_only=True):
    """A model made for the import. Without a slug, one is made from the name."""

    name: Name
    slug: Slug | None = None
    description: str | None = None


class CommitImport(Shape, frozen=True, kw_only=True):
    """Keep a draft as a version of `model`, or of a `new_model`. Without `version` the number is the document's own, or the next one.

    `mapping`, `decisions` and `confirmed` are last corrections, as of `imports.revise`. With `remember`, files of the same shape are read by this
    mapping from now on, without a language model."""

    draft_id: UUID
    model: Slug | None = None
    new_model: NewModel | None = None
    version: Semver | None = None
    mapping: list[MappingRule] | None = None
    decisions: list[Decision] | None = None
    confirmed: list[Pointer] | None = None
    remember: bool = True


class CommitSeveral(Shape, frozen=True, kw_only=True):
    """Keep several models of a draft in one go: those of `picks`, else all of them. Each becomes a model called as in the file, or a version of `model`."""

    draft_id: UUID
    picks: list[str] | None = None
    model: Slug | None = None


class Reimport(Shape, frozen=True, kw_only=True):
    """Read a version's stored source again: by `mapping`, else as a file that was just brought. A new draft, to be committed as another version."""

    version_id: UUID
    mapping: list[MappingRule] | None = None
    pick: str | None = None
    connector_id: UUID | None = None
    llm_model: str | None = None
    mode: ImportMode = ImportMode.MAP
    agreed: bool = False
    """What leaves the hub was seen. Needed once a tenant, before its first question to a language model."""
    use_memory: bool = False


class ImportRecord(Shape, frozen=True, kw_only=True):
    """What a version's document came from. `provenance` is as it was shown when it was committed."""

    version_id: UUID
    file_name: str
    size_bytes: int
    sha256: str
    format: str | None
    fingerprint: str
    mapped_by: MappedBy
    mapping_id: UUID | None
    mapping: list[MappingRule]
    provenance: dict[str, SourceOf]
    unmapped: list[SourceLeaf]
    contradictions: list[Contradiction]
    decisions: list[Decision]
    warnings: list[Issue]
    llm: LlmReport | None
    picked: str | None
    imported_by: str
    imported_at: datetime
