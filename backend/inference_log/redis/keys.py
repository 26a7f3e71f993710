"""The keys of a group's log in Redis."""

from uuid import UUID


def stream_key(group_id: UUID) -> str:
    """The Redis stream of a group's intake."""
    return f"tiltyard:{group_id}:log"


def dead_key(group_id: UUID) -> str:
    """The Redis list of a group's dead letters."""
    return f"tiltyard:{group_id}:dead"


def closed_key(group_id: UUID) -> str:
    """Return the Redis key that marks a group's intake as closed for good: its stream takes nothing more."""
    return f"tiltyard:{group_id}:closed"


def missed_key(group_id: UUID) -> str:
    """Return the key of Redis's counts for a group."""
    return f"tiltyard:{group_id}:shadows"


def count_key(group_id: UUID) -> str:
    """Return the key of Redis's counter of a group's refused calls."""
    return f"tiltyard:{group_id}:refused"


def reasons_key(group_id: UUID) -> str:
    """Return the key of Redis's counts of a group's refused calls, by the error's reason."""
    return f"tiltyard:{group_id}:refused:reasons"


def latest_key(group_id: UUID) -> str:
    """Return the key of Redis's list of a group's latest refusals, newest first."""
    return f"tiltyard:{group_id}:refusals"
