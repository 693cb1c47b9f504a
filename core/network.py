"""What limits count by when they count by network address.

The server says whose address it is (backend/asgi.py); here it becomes a key.
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

# A home gets one /64 or a /56 of its own. A provider may also share a /56 among homes,
# so that it is allowed more than one of its /64s, and less than all 256 of them.
WIDER_TIMES = 4


class Network(NamedTuple):
    """`times` is how much more than a single address it is allowed."""

    name: str
    times: int


def client_of(scope: Mapping[str, Any]) -> str:
    """Who the server says it is; nobody on a Unix socket."""
    return str((scope.get("client") or ("",))[0])


# Each message asks, and reading an address takes 10 us.
@lru_cache(maxsize=10_000)
def networks_of(address: str) -> tuple[Network, ...]:
    """An IPv4 address, or the /64 and the /56 of an IPv6 one, the narrowest first.

    Somebody who has one address of a /64 has all of them.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return (Network(address, 1),)
    if not isinstance(found, IPv6Address):
        return (Network(str(found), 1),)
    if found.ipv4_mapped is not None:
        return (Network(str(found.ipv4_mapped), 1),)
    return (
        Network(str(ip_network((found, 64), strict=False)), 1),
        Network(str(ip_network((found, 56), strict=False)), WIDER_TIMES),
    )


def network_of(address: str) -> str:
    """The widest one: for turns, which are waited for and never refused."""
    return networks_of(address)[-1].name
