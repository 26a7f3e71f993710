"""Settings: read once from the environment when a process starts, then passed on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from backend.errors import HubError


class BadSetting(HubError):
    """A setting cannot be used."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Each field is `TILTYARD_<FIELD>` in the environment, or `TILTYARD_<FIELD>_FILE` naming a file that holds it."""

    data_dir: Path = Path(".tiltyard")
    """Where the hub keeps its files: artifacts, archives, and the embedded servers' data."""
    files_url: str | None = None
    """Object storage for artifacts and archives: `s3://bucket/prefix`, with the usual AWS_ variables. Absent: the data folder."""
    database_url: str | None = None
    """PostgreSQL as the owner of the database: `postgresql://owner:password@host:port/name`. Absent: the embedded server."""
    app_database_url: str | None = None
    """PostgreSQL as the application's own role. Absent: the role `tiltyard_app`, with a password derived from `secret_key`."""
    redis_url: str | None = None
    """Redis: `redis://…` or `unix://…`. Absent: the embedded server."""
    secret_key: str | None = None
    """The installation's secret, the same for all its processes. Absent: made at first start and kept in the data folder."""
    log_guarantee: Literal["strict", "standard"] = "strict"
    """What an answered prediction survives on a Redis of one's own: strict, everything, at the cost of waiting for its disk or of writing to PostgreSQL;
    standard, what that Redis promises."""
    host: str = "127.0.0.1"
    port: int = 8321
    public_url: str | None = None
    """The address that browsers use, where it is not `http://host:port`. An https address makes cookies Secure."""
    max_artifact_bytes: int = 256 * 1024 * 1024
    max_predict_bytes: int = 16 * 1024 * 1024
    max_rpc_bytes: int = 16 * 1024 * 1024
    max_rpc_batch: int = 50
    rpc_rate_per_second: float = 200.0
    """Calls a second that a person or token may make in the long run, in each process."""
    rpc_rate_burst: int = 2_000
    """Calls that they may make at once."""
    rpc_timeout_seconds: float = 60.0
    """How long a procedure that answers once may take."""
    stream_max_seconds: float = 3600.0
    """How long one connection of a live view lasts before its client connects anew."""
    allowed_origins: str = ""
    """Origins of other sites whose pages may call with a session, by comma: `https://app.example`."""
    trusted_proxies: str = ""
    """Proxies whose `X-Forwarded-For` is believed, by comma: `10.0.0.0/8,192.0.2.7`. Absent: the peer of the connection is the client."""
    streams_per_caller: int = 200
    """Streams and WebSockets that one person or token may have open, in each process."""
    streams_per_address: int = 500
    """The same, of one network address."""
    import_llm_seconds: float = 45.0
    """How long an import waits for a language model, all in all; less than `rpc_timeout_seconds`."""
    schedules: str = ""
    """Other times for schedules, by semicolon: `promotion.ramps=*/5 * * * * *; watch.prune=0 3 * * *`."""
    time_zone: str = "UTC"
    """The time zone in which the hub's schedules are read; a tenant may have one of its own."""
    session_days: int = 14
    metrics_token: str | None = None
    """Who sends it as `Authorization: Bearer …` may read `/metrics`. Absent: callers on the same machine, not through a proxy."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    """Where a worker serves its `/metrics`: the first free port from this one on, of twenty. Absent: it serves none."""
    solo: bool = False
    """One person runs this hub: what otherwise takes two people, one may do, and the record says so."""
    kek: str | None = None
    """Key-encryption keys of the connectors' keys, `version:base64` of 32 bytes, the one to encrypt with first: `2:…,1:…`. Absent: a file in the data folder
    where the servers are embedded, else no connector can be made."""
    private_hosts: str = ""
    """Hosts that connectors may call although they are private or speak plain http: `host:port` by comma."""

    @property
    def url(self) -> str:
        """Where the hub is reached."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ, **overrides: Any) -> "Settings":
        """Read the settings. Raises BadSetting naming the variable. `overrides` (from the command line) win."""
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(Settings):
            name = f"TILTYARD_{field.name.upper()}"
            if path := environment.get(f"{name}_FILE"):
                values[field.name] = _read(name, path)
            elif (value := environment.get(name)) is not None:
                values[field.name] = value
        values.update({key: value for key, value in overrides.items() if value is not None})
        try:
            return msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
        except msgspec.ValidationError as error:
            raise BadSetting(f"A TILTYARD_ setting cannot be used: {error}") from None


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE: cannot read {path}: {error.strerror}. Name a readable file, or set {name}.") from None
