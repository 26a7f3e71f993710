"""Settings of the wire."""

import msgspec


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A limit on an actor's calls: `per_second` sustained, `burst` at once."""

    per_second: float
    burst: int


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the wire. Times are in seconds unless their name says otherwise."""

    base: str = "/rpc"
    max_body_bytes: int = 16 * 1024 * 1024
    """The limit of one WebSocket message as well."""
    max_batch: int = 100
    max_in_flight: int = 200
    """Open calls and subscriptions per WebSocket."""
    method_override: bool = False
    """Whether queries may be sent by POST."""
    development: bool = False
    """Whether stack traces are sent."""
    timeout: float | None = None
    """The longest duration of a call with one answer."""
    rate: Rate | None = None
    allowed_origins: tuple[str, ...] = ()
    """Origins of other sites' pages that may call with cookies: `https://app.example`."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose `X-Forwarded-For` is trusted."""
    anonymous_body_bytes: int = 64 * 1024
    """Bytes of a body that are read before its sender is known."""
    max_open_per_caller: int = 200
    """Open streams and WebSockets per person or token, in each process."""
    max_open_per_address: int = 500
    """Open streams and WebSockets per network address, in each process."""
    ping_interval: float = 10.0
    """The longest silence of a stream before a ping."""
    reconnect_after_inactivity_ms: int = 30_000
    """The silence after which a subscription's client reconnects."""
    retry_ms: int = 1_000
    """The time after which a browser reconnects a broken subscription."""
    max_duration: float | None = None
    """The longest duration of one stream or WebSocket; its client then reconnects and continues."""
    recheck_interval: float = 5.0
    """How often an open stream's caller is authenticated again. A stream may outlive its session or token by this much."""

    def __post_init__(self) -> None:
        """Refuse pings that come too late to be useful."""
        if self.ping_interval * 1000 >= self.reconnect_after_inactivity_ms:
            raise ValueError("ping_interval must be shorter than reconnect_after_inactivity_ms, or clients reconnect needlessly")
