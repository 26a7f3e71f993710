"""Live events of groups."""

from types import NoneType

from backend.declarations.events import EventKind

GROUP_CHANGED = EventKind("group.changed", NoneType, "A group or its figures changed. The subject is its slug; watchers read the figures again.")
