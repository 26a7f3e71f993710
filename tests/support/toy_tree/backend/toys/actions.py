"""Audit actions of toys."""

from backend.declarations.actions import AuditAction

TOYS_MAKE = AuditAction("toys.make", "A toy was made.")
