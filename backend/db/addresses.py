"""Addresses of PostgreSQL in libpq's form, read in one place for every connection, including the application's own role."""

import hashlib
import hmac
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg
import msgspec

from backend.errors import HubError

APP_ROLE = "tiltyard_app"
LIKE = "postgresql://owner:password@host:5432/database"
CONNECT_SECONDS = 10.0

ENVIRONMENT = {
    "application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT", "gsslib": "PGGSSLIB", "krbsrvname": "PGKRBSRVNAME", "options": "PGOPTIONS",
    "passfile": "PGPASSFILE", "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION", "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "sslcert": "PGSSLCERT", "sslcrl": "PGSSLCRL", "sslkey": "PGSSLKEY", "sslmode": "PGSSLMODE", "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT", "target_session_attrs": "PGTARGETSESSIONATTRS",
}  # fmt: skip
"""The parameters of an address that the hub accepts, and the variables that pass them to PostgreSQL's programs."""
PLACES = frozenset({"host", "port", "dbname", "user", "password"})
"""Parts of an address that may also be parameters."""
OF_THE_OWNER = frozenset({"user", "password", "passfile", "sslcert", "sslkey", "sslpassword"})
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadAddress(HubError):
    """The address of PostgreSQL cannot be used."""


class Address(msgspec.Struct, frozen=True):
    """A parsed address: `url` with asyncpg's parameters, the other parameters, and the timeout for connecting, in seconds."""

    url: str
    parameters: dict[str, str]
    seconds: float


def read(url: str) -> Address:
    """Parse an address. Raises BadAddress with a message that contains no password."""
    scheme, found, rest = url.partition("://")
    if found and scheme in {"postgresql+asyncpg", "postgres+asyncpg", "postgresql+psycopg", "postgresql+psycopg2"}:
        raise BadAddress(f"Write postgresql:// in place of {scheme}://. It looks like {LIKE}")
    if scheme not in {"postgresql", "postgres"} or not found:
        raise BadAddress(f"The address must start with postgresql://. It looks like {LIKE}")
    _check_authority(rest)
    parts = urlsplit(url)
    if parts.fragment:
        raise BadAddress(f"Write # in the address as %23. It looks like {LIKE}")
    given = _parameters(parts.query)
    sent = {name: value for name, value in given.items() if name != "connect_timeout"}
    seconds = float(given.get("connect_timeout", "0")) or CONNECT_SECONDS
    return Address(urlunsplit(parts._replace(scheme="postgresql", query=urlencode(sent, quote_via=quote))), given, seconds)


def _check_authority(rest: str) -> None:
    """Check user, password, hosts and ports. A password that is not percent-encoded ends the authority too early, or contains an @."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, hosts = authority.rpartition("@")
    behind = rest[len(authority) :]
    ports = [_host_and_port(host)[1] for host in hosts.split(",")]
    bad_port = any(port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536) for port in ports)
    cut = "@" in behind and (bad_port or not at or "@" in behind.partition("?")[0])
    if cut or "@" in user or re.search(r"\s", user) or _BAD_ESCAPE.search(user):
        raise BadAddress(
            "The user or the password contains a character that must be percent-encoded: @ is %40, : is %3A, / is %2F, # is %23, ? is %3F, % is %25, "
            f"a space is %20. It looks like {LIKE}"
        )
    if bad_port:
        raise BadAddress(f"The port must be a number from 1 to 65535. Percent-encode a : or a / in the password. It looks like {LIKE}")


def _parameters(query: str) -> dict[str, str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    if "ssl" in given:
        raise BadAddress("Write sslmode=… in place of ssl=…: sslmode=require asks for TLS, sslmode=verify-full checks the certificate too.")
    binding = given.pop("channel_binding", "prefer")
    if binding == "require":
        raise BadAddress("The hub's driver has no channel binding, so channel_binding=require cannot be met. Remove it; sslmode=verify-full proves the server.")
    for name in given:
        if name not in ENVIRONMENT and name not in PLACES and name != "sslpassword":
            taken = ", ".join(sorted(ENVIRONMENT))
            raise BadAddress(f"The parameter {name[:60]!r} is not supported; remove it. Supported are: {taken}.")
    if (mode := given.get("sslmode")) is not None and mode not in SSL_MODES:
        raise BadAddress(f"sslmode must be one of {', '.join(SSL_MODES)}.")
    root = given.get("sslrootcert")
    if root and not Path(root).is_file():
        raise BadAddress(f"sslrootcert names {root}, which is no readable file. Name the authority's certificate in PEM format.")
    timeout = given.get("connect_timeout", "0")
    if not (timeout.isascii() and timeout.isdigit() and len(timeout) < 6):
        raise BadAddress("connect_timeout must be a number of seconds.")
    return given


async def connect(url: str, *, timeout: float | None = None, server_settings: dict[str, str] | None = None) -> Any:
    """Connect with asyncpg. `timeout` is in seconds; the address's own timeout wins. Raises BadAddress, and asyncpg's errors."""
    address = read(url)
    wait = address.seconds if "connect_timeout" in address.parameters or timeout is None else timeout
    settings = {name: value for name, value in (server_settings or {}).items() if name not in address.parameters}
    return await asyncpg.connect(address.url, timeout=wait, server_settings=settings or None)


def program_environment(url: str) -> dict[str, str]:
    """Return the address as variables for PostgreSQL's programs, so that no command line contains the password."""
    address = read(url)
    parts = urlsplit(address.url)
    user, _, hosts = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    pairs = [_host_and_port(host) for host in hosts.split(",")]
    given = address.parameters
    found = {
        "PGHOST": given.get("host") or ",".join(unquote(host) for host, _ in pairs),
        "PGPORT": given.get("port") or ",".join(port or "5432" for _, port in pairs),
        "PGUSER": given.get("user") or unquote(name),
        "PGPASSWORD": given.get("password") or unquote(password),
    }
    return found | {ENVIRONMENT[name]: value for name, value in given.items() if name in ENVIRONMENT}


def database_name(url: str) -> str:
    """Return the name of the address's database."""
    address = read(url)
    return address.parameters.get("dbname") or unquote(urlsplit(address.url).path.lstrip("/"))


def application_url(app_database_url: str | None, secret_key: str | None, database_url: str | None) -> str:
    """Return the application's address: its own setting, else the owner's address with the app role. Raises BadAddress."""
    if app_database_url:
        return app_database_url
    if not (secret_key and database_url):
        raise BadAddress("No database address is known. Set TILTYARD_DATABASE_URL or TILTYARD_APP_DATABASE_URL.")
    return app_url(secret_key, database_url)


def _host_and_port(said: str) -> tuple[str, str]:
    if said.startswith("["):
        host, _, rest = said[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = said.partition(":")
    return host, port


def app_password(secret_key: str) -> str:
    """Return the app role's password. It is derived, so every process of an installation knows it and no file stores it.

    Roles belong to a server, not to a database. Installations that share a server must share `secret_key`, or set `TILTYARD_APP_DATABASE_URL`.
    """
    return hmac.new(secret_key.encode(), b"tiltyard app role", hashlib.sha256).hexdigest()


def app_url(secret_key: str, database_url: str) -> str:
    """Return the owner's address with the app role's name and password, without the owner's own parts. Raises BadAddress."""
    parts = urlsplit(read(database_url).url)
    host = parts.netloc.rpartition("@")[2]
    kept = [(name, value) for name, value in parse_qsl(urlsplit(database_url).query, keep_blank_values=True) if name not in OF_THE_OWNER]
    return urlunsplit(parts._replace(netloc=f"{APP_ROLE}:{app_password(secret_key)}@{host}", query=urlencode(kept, quote_via=quote)))
