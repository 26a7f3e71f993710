"""What can go wrong with runs."""

from backend.errors import NotFound


class RunNotFound(NotFound):
    """There is no such run in this tenant."""
