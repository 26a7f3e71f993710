"""Errors in the contract: the general ones that any call may meet, and the ones a procedure declares."""

from collections.abc import Iterator

import backend.errors
from backend.errors import HubError
from rpc.core.errors import COMMON
from rpc.core.procedure import Procedure
from schemas.errors import ErrorCode


def general() -> list[type[HubError]]:
    """The errors no procedure has to declare, by name. Internal ones all look alike to a caller."""
    ours = [c for c in vars(backend.errors).values() if isinstance(c, type) and issubclass(c, HubError)]
    seen = [c for c in ours if c.code is not ErrorCode.INTERNAL_SERVER_ERROR]
    return sorted({*seen, *COMMON}, key=lambda c: c.__name__)


def declared(procedures: list[Procedure]) -> Iterator[type[HubError]]:
    """The errors that procedures declare, by name, without the general ones."""
    found = {error for procedure in procedures for error in procedure.errors} - set(general())
    yield from sorted(found, key=lambda c: c.__name__)
