"""Errors in the contract: general ones of any call, and declared ones of a procedure."""

from collections.abc import Iterator

import backend.errors
from backend.errors import HubError
from rpc.core.errors import COMMON
from rpc.core.procedure import Procedure
from schemas.errors import ErrorCode


def general() -> list[type[HubError]]:
    """Return the errors that no procedure has to declare, by name. Internal ones look the same to a caller."""
    ours = [c for c in vars(backend.errors).values() if isinstance(c, type) and issubclass(c, HubError)]
    seen = [c for c in ours if c.code is not ErrorCode.INTERNAL_SERVER_ERROR]
    return sorted({*seen, *COMMON}, key=lambda c: c.__name__)


def declared(procedures: list[Procedure]) -> Iterator[type[HubError]]:
    """Return the errors that procedures declare, by name, without the general ones."""
    found = {error for procedure in procedures for error in procedure.errors} - set(general())
    yield from sorted(found, key=lambda c: c.__name__)
