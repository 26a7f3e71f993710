"""The matcher: reads a file of no known format by its words, its types and its shape, without a connector. Readers return whether they have read the part that
they were given.
"""

from backend.importing.matcher.draft import Draft
from backend.importing.matcher.walk import match

__all__ = ["Draft", "match"]
