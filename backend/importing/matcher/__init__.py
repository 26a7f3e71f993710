"""The matcher: reads a file of no known format by its words, its types and its shape. Needs no connector."""

from backend.importing.matcher.draft import Draft
from backend.importing.matcher.walk import match

__all__ = ["Draft", "match"]
