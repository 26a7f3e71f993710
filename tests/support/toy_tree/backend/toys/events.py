"""Live events of toys."""

from backend.declarations.events import EventKind
from schemas.toys import Toy

TOY_CHANGED = EventKind("toy.changed", Toy, "A toy changed. The subject is its id, the payload the toy.")
