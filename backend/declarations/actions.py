"""Audit actions, as slices declare them in their `actions.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AuditAction:
    """One kind of change in the audit log: its name in the log (`groups.promote`), and its description."""

    name: str
    words: str
