"""What of a file a language model may see, and what it would see."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.common import Shape


class ImportMode(StrEnum):
    """What a language model is asked for, when a connector is named."""

    MAP = "map"
    """Rules that say where values stand. It is shown the file's shape and none of its values."""
    REWRITE = "rewrite"
    """The document's values. It is shown the whole file; each value is checked against the file, and what the file does not say is kept out."""


class Shows(StrEnum):
    """What a language model is shown of a file."""

    VOCABULARY = "vocabulary"
    """Its shape, with the keys that are words of the hub; every other is a placeholder."""
    KEYS = "keys"
    """Its shape with every key that is a heading; keys that look like data are placeholders. No values."""
    FILE = "file"
    """The whole file, up to a size."""


class ImportSharing(Shape, frozen=True, kw_only=True):
    """What a tenant shows to language models when it imports a file. `stricter`: connectors that are shown less. With `short_words`, short lower-case
    values under headings such as type, algorithm and split are shown beside the keys. `agreed_by` is null until somebody saw what leaves the house.
    """

    shows: Shows = Shows.KEYS
    short_words: bool = False
    stricter: dict[UUID, Shows] = {}
    agreed_by: str | None = None
    agreed_at: datetime | None = None


class SetImportSharing(Shape, frozen=True, kw_only=True):
    """Choose what is shown to language models. It counts as agreement."""

    shows: Shows
    short_words: bool = False
    stricter: dict[UUID, Shows] = {}


class ShowImport(Shape, frozen=True, kw_only=True):
    """A draft and the connector that would be asked about it."""

    draft_id: UUID
    connector_id: UUID


class ShownImport(Shape, frozen=True, kw_only=True):
    """What would leave the house, word for word: `instructions`, which are the same for every file, and `text`.
    `text` is null where nothing would be sent, for the `reason`.
    """

    shows: Shows
    instructions: str
    text: str | None
    reason: str | None = None
