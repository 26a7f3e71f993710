"""Audit actions, as slices declare them in their `actions.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AuditAction:
    """One kind of change in the audit log: its name as the log shows it (`groups.promote`), and what it means in words."""

    name: str
    words: str
