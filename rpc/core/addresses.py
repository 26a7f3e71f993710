"""The client's network address, also behind trusted proxies."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(trusted: Sequence[str]) -> tuple[Network, ...]:
    """Return addresses and networks (`10.0.0.0/8`) for comparison. Raises ValueError with the unreadable one."""
    return tuple(ipaddress.ip_network(one, strict=False) for one in trusted)


def client_of(peer: str | None, forwarded: str, trusted: Sequence[Network]) -> str | None:
    """Return the client: the peer, or the last address in its `X-Forwarded-For` that is no trusted proxy. Earlier entries are ignored.

    >>> proxies = networks(["10.0.0.0/8"])
    >>> client_of("192.0.2.1", "6.6.6.6", proxies), client_of("10.0.0.1", "6.6.6.6, 192.0.2.9, 10.1.1.1", proxies), client_of("10.0.0.1", "", proxies)
    ('192.0.2.1', '192.0.2.9', '10.0.0.1')
    """
    client = peer
    if not trusted or not _is_trusted(peer, trusted):
        return client
    for hop in reversed([one.strip() for one in forwarded.split(",") if one.strip()]):
        if _address(hop) is None:
            break
        client = hop
        if not _is_trusted(hop, trusted):
            break
    return client


def _is_trusted(address: str | None, trusted: Sequence[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in trusted if network.version == found.version)


def _address(said: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(said or "")
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found
