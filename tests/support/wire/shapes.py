"""What the conformance server's procedures take, give, and fail with."""

from datetime import datetime
from typing import Annotated

import msgspec

from backend.errors import HubError
from schemas.common import Shape
from schemas.errors import ErrorCode


class Duplicate(HubError):
    """dup"""

    code = ErrorCode.CONFLICT
    reason = "duplicate"


class Flaky(HubError):
    """flaky"""

    code = ErrorCode.SERVICE_UNAVAILABLE


class Refused(HubError):
    """no"""

    code = ErrorCode.FORBIDDEN
    reason = "x"


class SubscriptionRefused(HubError):
    """sub no"""

    code = ErrorCode.FORBIDDEN
    reason = "r"


class Hello(Shape, frozen=True, kw_only=True):
    """Whom to greet."""

    name: Annotated[str, msgspec.Meta(min_length=1)]


class Text(Shape, frozen=True, kw_only=True):
    """A greeting."""

    text: str


class Maybe(Shape, frozen=True, kw_only=True):
    """A name, perhaps."""

    name: str


class Got(Shape, frozen=True, kw_only=True):
    """What was got."""

    got: str


class When(Shape, frozen=True, kw_only=True):
    """A moment."""

    at: datetime


class Slow(Shape, frozen=True, kw_only=True):
    """How long to take, in milliseconds."""

    ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Large(Shape, frozen=True, kw_only=True):
    """How many characters."""

    characters: Annotated[int, msgspec.Meta(ge=0, le=4_000_000)]


class Paging(Shape, frozen=True, kw_only=True):
    """Which page of the numbers below 5."""

    size: Annotated[int, msgspec.Meta(ge=1)]
    cursor: str | None = None


class User(Shape, frozen=True, kw_only=True):
    """A user."""

    id: str
    name: str
    role: str


class CreateUser(Shape, frozen=True, kw_only=True):
    """A new user."""

    name: str
    role: str = "user"


class Uploaded(Shape, frozen=True, kw_only=True):
    """What arrived in a form."""

    name: str
    size: int
    type: str
    filename: str


class Tick(Shape, frozen=True, kw_only=True):
    """How many ticks; `failAt` is where the first connection breaks."""

    n: int
    fail_at: int | None = msgspec.field(default=None, name="failAt")
    last_event_id: str | None = msgspec.field(default=None, name="lastEventId")


class Ticked(Shape, frozen=True, kw_only=True):
    """One tick."""

    i: int
