"""Settings of the wire."""

import msgspec


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls an actor may make: `per_second` in the long run, `burst` at once."""

    per_second: float
    burst: int


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the wire; times are in seconds unless their name says otherwise."""

    base: str = "/rpc"
    max_body_bytes: int = 16 * 1024 * 1024
    """Also of one WebSocket message."""
    max_batch: int = 100
    max_in_flight: int = 200
    """Calls and subscriptions that one WebSocket may have open."""
    method_override: bool = False
    """Lets queries be sent by POST."""
    development: bool = False
    """Sends stack traces."""
    timeout: float | None = None
    """How long a call that answers once may take."""
    rate: Rate | None = None
    allowed_origins: tuple[str, ...] = ()
    """Origins of pages of other sites that may call, with cookies: `https://app.example`."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose `X-Forwarded-For` is believed."""
    anonymous_body_bytes: int = 64 * 1024
    """So much of a body is read before its sender is known."""
    max_open_per_caller: int = 200
    """Streams and WebSockets that one person or token may have open, in each process."""
    max_open_per_address: int = 500
    """The same, of one network address."""
    ping_interval: float = 10.0
    """How long a stream may be silent before it is told that it is still alive."""
    reconnect_after_inactivity_ms: int = 30_000
    """How long a client of a subscription waits in silence before it connects anew."""
    retry_ms: int = 1_000
    """How long a browser waits before it connects a broken subscription anew."""
    max_duration: float | None = None
    """How long one stream or WebSocket lasts; its client then connects anew and goes on."""
    recheck_interval: float = 5.0
    """How often an open stream's caller is authenticated anew: so long may a stream outlive its session or token."""

    def __post_init__(self) -> None:
        """Refuse pings that come too late to be of use."""
        if self.ping_interval * 1000 >= self.reconnect_after_inactivity_ms:
            raise ValueError("ping_interval must be shorter than reconnect_after_inactivity_ms, or clients reconnect without need")
