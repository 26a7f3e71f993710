"""Settings: read from the environment once at the start of a process, then passed on."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from backend.errors import HubError

_PUBLIC = re.compile(r"https?://[^/?#\s\"<>]+(/[A-Za-z0-9._~/-]*)?")


class BadSetting(HubError):
    """A setting cannot be used."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Each field is `TILTYARD_<FIELD>` in the environment, or `TILTYARD_<FIELD>_FILE` naming a file that holds it."""

    data_dir: Path = Path(".tiltyard")
    """The folder of the hub's files: artifacts, archives, and the embedded servers' data."""
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
    """What an answered prediction must survive on an external Redis. `strict`: everything, by waiting for its disk or writing to PostgreSQL. `standard`:
    what that Redis promises.
    """
    host: str = "127.0.0.1"
    port: int = 8321
    public_url: str | None = None
    """The address that browsers use, where it is not `http://host:port`. An https address makes cookies Secure; one with a path
    (`https://example.com/tiltyard`) puts the hub there."""
    max_artifact_bytes: int = 256 * 1024 * 1024
    max_dataset_bytes: int = 10 * 1024 * 1024 * 1024
    max_predict_bytes: int = 16 * 1024 * 1024
    max_rpc_bytes: int = 16 * 1024 * 1024
    max_rpc_batch: int = 50
    rpc_rate_per_second: float = 200.0
    """Sustained calls per second of a person or token, in each process."""
    rpc_rate_burst: int = 2_000
    """Burst of calls of a person or token."""
    rpc_timeout_seconds: float = 60.0
    """Seconds that a procedure with one answer may take."""
    stream_max_seconds: float = 3600.0
    """Seconds that one connection of a live view lasts before its client reconnects."""
    allowed_origins: str = ""
    """Origins of other sites whose pages may call with a session, separated by commas: `https://app.example`."""
    trusted_proxies: str = ""
    """Proxies whose `X-Forwarded-For` is trusted, separated by commas: `10.0.0.0/8,192.0.2.7`. Absent: the connection's peer is the client."""
    streams_per_caller: int = 200
    """Open streams and WebSockets per person or token, in each process."""
    streams_per_address: int = 500
    """Open streams and WebSockets per network address, in each process."""
    import_llm_seconds: float = 45.0
    """Seconds that an import waits for a language model in total; less than `rpc_timeout_seconds`."""
    schedules: str = ""
    """Other times for schedules, separated by semicolons: `promotion.ramps=*/5 * * * * *; watch.prune=0 3 * * *`."""
    time_zone: str = "UTC"
    """The time zone of the hub's schedules; a tenant may have its own."""
    session_days: int = 14
    metrics_token: str | None = None
    """The token for `/metrics`, sent as `Authorization: Bearer …`. Absent: callers on the same machine may read it, but not through a proxy."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    """The port of a worker's `/metrics`: the first free port of twenty from this one. Absent: none."""
    solo: bool = False
    """One person runs this hub and may do alone what otherwise takes two people. The records say so."""
    kek: str | None = None
    """Key-encryption keys of the connectors' keys: `version:base64` of 32 bytes, the encrypting key first, as `2:…,1:…`. Absent: a file in the data folder
    with embedded servers; else no connector can be created.
    """
    private_hosts: str = ""
    """Hosts that connectors may call although they are private or use plain http: `host:port`, separated by commas."""

    @property
    def url(self) -> str:
        """Where the hub is reached."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def root_path(self) -> str:
        """The path under which browsers find the hub, `/tiltyard`; empty where it has its host to itself."""
        return urlsplit(self.url).path

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ, **overrides: Any) -> "Settings":
        """Read the settings. Raises BadSetting with the variable's name. `overrides` (from the command line) win."""
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(Settings):
            name = f"TILTYARD_{field.name.upper()}"
            if path := environment.get(f"{name}_FILE"):
                values[field.name] = _read(name, path)
            elif (value := environment.get(name)) is not None:
                values[field.name] = value
        values.update({key: value for key, value in overrides.items() if value is not None})
        try:
            made = msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
        except msgspec.ValidationError as error:
            raise BadSetting(f"A TILTYARD_ setting cannot be used: {error}") from None
        if made.public_url and not _PUBLIC.fullmatch(made.public_url):
            raise BadSetting(f"TILTYARD_PUBLIC_URL is {made.public_url!r}; it must be an address of http or https, such as https://example.com/tiltyard.")
        return made


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE: cannot read {path}: {error.strerror}. Name a readable file, or set {name}.") from None
