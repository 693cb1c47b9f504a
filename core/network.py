"""Network addresses as keys, for limits that count by them.

backend/asgi.py decides which address is the client's.
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

# A home has one /64 or a whole /56, and some providers share a /56 among homes. So a
# /56 may do more than one of its /64s, and less than all 256 of them together.
WIDER_TIMES = 4


class Network(NamedTuple):
    """A network may do `times` as much as a single address."""

    name: str
    times: int


def client_of(scope: Mapping[str, Any]) -> str:
    """The client's address as the server gives it; empty on a Unix socket."""
    return str((scope.get("client") or ("",))[0])


# Cached, because each message asks and parsing an address takes 10 us.
@lru_cache(maxsize=10_000)
def networks_of(address: str) -> tuple[Network, ...]:
    """An IPv4 address, or the /64 and the /56 of an IPv6 address, the narrower first.

    A single IPv6 address is no key, because its owner has all of its /64.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return (Network(address, 1),)
    if not isinstance(parsed, IPv6Address):
        return (Network(str(parsed), 1),)
    if parsed.ipv4_mapped is not None:
        return (Network(str(parsed.ipv4_mapped), 1),)
    return (
        Network(str(ip_network((parsed, 64), strict=False)), 1),
        Network(str(ip_network((parsed, 56), strict=False)), WIDER_TIMES),
    )


def network_of(address: str) -> str:
    """The wider network of an address, by which threads and pools are shared out."""
    return networks_of(address)[-1].name
