"""Addresses that a base URL may lead to: public ones by IANA's special-purpose registries, in every notation.

`ipaddress.is_global` is not enough. On Python 3.11 it calls multicast, NAT64 and IPv4-mapped loopback global, and it knows no cloud provider's metadata
address.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_REFUSED_V4 = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's host agent, within public addresses
    )
)  # fmt: skip
_GLOBAL_UNICAST = ip_network("2000::/3")
_REFUSED_V6 = tuple(
    ip_network(net)
    for net in (
        "2001::/23",  # IETF protocols, including Teredo
        "2001:db8::/32", "3fff::/20",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
    )
)  # fmt: skip
_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Return whether a base URL may lead to this address (text of an IPv4 or IPv6 address). An IPv4-mapped or NAT64 address is judged by its IPv4 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        return _public_v6(parsed)
    return _public_v4(parsed)


def _public_v4(address: IPv4Address) -> bool:
    return not any(address in net for net in _REFUSED_V4)


def _public_v6(address: IPv6Address) -> bool:
    if address.ipv4_mapped is not None:
        return _public_v4(address.ipv4_mapped)
    if address in _NAT64:
        return _public_v4(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_UNICAST and not any(address in net for net in _REFUSED_V6)
