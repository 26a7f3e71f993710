"""What a language model may see of a file, and what it would see."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.common import Shape


class ImportMode(StrEnum):
    """The question to a language model, when a connector is named."""

    MAP = "map"
    """Rules for the places of values. The model sees the file's shape and none of its values."""
    REWRITE = "rewrite"
    """The document's values. The model sees the whole file; each value is checked against the file, and values that the file does not contain are left out."""


class Shows(StrEnum):
    """What a language model sees of a file."""

    VOCABULARY = "vocabulary"
    """Its shape, with the keys in the hub's vocabulary; all other keys are placeholders."""
    KEYS = "keys"
    """Its shape with every key that is a heading; keys that look like data are placeholders. No values."""
    FILE = "file"
    """The whole file, up to a size."""


class ImportSharing(Shape, frozen=True, kw_only=True):
    """What a tenant shows to language models during imports. `stricter`: connectors that see less. With `short_words`, short lower-case values under
    headings such as type, algorithm and split are shown beside the keys. `agreed_by` is null until somebody has seen what leaves the hub.
    """

    shows: Shows = Shows.KEYS
    short_words: bool = False
    stricter: dict[UUID, Shows] = {}
    agreed_by: str | None = None
    agreed_at: datetime | None = None


class SetImportSharing(Shape, frozen=True, kw_only=True):
    """Set what is shown to language models. It counts as agreement."""

    shows: Shows
    short_words: bool = False
    stricter: dict[UUID, Shows] = {}


class ShowExample(Shape, frozen=True, kw_only=True):
    """A level to look at before it is chosen."""

    shows: Shows
    short_words: bool = False


class ShownExample(Shape, frozen=True, kw_only=True):
    """An example `file`, and word for word what would leave the hub of it at a level: `instructions`, which are the same for every file, and `text`."""

    file: str
    instructions: str
    text: str


class ShowImport(Shape, frozen=True, kw_only=True):
    """A draft, and the connector to ask about it."""

    draft_id: UUID
    connector_id: UUID


class ShownImport(Shape, frozen=True, kw_only=True):
    """Exactly what would be sent: `instructions`, equal for every file, and `text`. `text` is null when nothing would be sent, for the `reason`."""

    shows: Shows
    instructions: str
    text: str | None
    reason: str | None = None
