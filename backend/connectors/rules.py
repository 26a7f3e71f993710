"""Pure rules of connectors: the form of a base URL, its origin, and the visible part of a key."""

import re
from urllib.parse import urlsplit

from backend.connectors.errors import BaseUrlRefused
from backend.connectors.providers import TRAITS
from schemas.common import Issue
from schemas.connectors import Provider

_HOST = re.compile(r"^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$")
_PATH = re.compile(r"^(?:/[A-Za-z0-9._~-]+)*$")
_PORTS = {"http": 80, "https": 443}


def refuse(message: str) -> BaseUrlRefused:
    """Return the error for a base URL, with its place in the input."""
    return BaseUrlRefused(message, issues=[Issue(pointer="/base_url", message=message)])


def base_url_of(provider: Provider, given: str | None, private_hosts: frozenset[str]) -> str:
    """Return the provider's address, or the given one in its normal form. Raises BaseUrlRefused.

    Plain http is only for hosts in the operator's list: elsewhere the key would travel unencrypted.
    """
    own = TRAITS[provider].base_url
    if own is not None:
        if given is not None:
            raise refuse(f"{provider} has its own address; leave the base URL out, or choose the provider `compatible`.")
        return own
    if given is None:
        raise refuse("Enter the address of the API: a base URL such as https://models.example.com/v1.")
    url = normal_url(given)
    if url.startswith("http:") and host_port(url) not in private_hosts:
        raise refuse("Use https: over http the key would travel unencrypted. Plain http is for hosts listed in TILTYARD_PRIVATE_HOSTS.")
    return url


def normal_url(given: str) -> str:
    """`https://host[:port]/path` without a trailing slash, the host in lower case. Raises BaseUrlRefused for any other part."""
    try:
        parts = urlsplit(given.strip())
        port = parts.port
    except ValueError:
        raise refuse("This is not a URL.") from None
    host = re.sub(r":\d*$", "", parts.netloc.lower())
    if parts.scheme not in _PORTS or not _HOST.match(host) or ".." in host:
        raise refuse("A base URL is https://, a host name in plain letters, an optional port, and a path; no user name or password.")
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or not _PATH.match(path) or any(step in {".", ".."} for step in path.split("/")):
        raise refuse("A base URL has a plain path: no query, no fragment, no special characters.")
    shown = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}{path}"


def host_port(url: str) -> str:
    """Return `host:port` of a normal URL, as in the operator's list."""
    parts = urlsplit(url)
    return parts.netloc if parts.port else f"{parts.netloc}:{_PORTS[parts.scheme]}"


def origin(url: str) -> str:
    """Return `scheme://host:port` of a normal URL. A key is bound to it."""
    return f"{urlsplit(url).scheme}://{host_port(url)}"


def hosts_of(setting: str) -> frozenset[str]:
    """Return the operator's list of hosts that may be private: `host:port`, separated by commas."""
    return frozenset(entry.strip().lower() for entry in setting.split(",") if entry.strip())


def last4(key: str) -> str:
    """Return the last 4 characters of a key, to tell two keys apart; nothing for a key that is too short."""
    return key[-4:] if len(key) >= 20 else ""
