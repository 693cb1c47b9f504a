"""What limits count by when they count by network address.

The server says whose address it is (backend/asgi.py); here it becomes a key.
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any


def client_of(scope: Mapping[str, Any]) -> str:
    """Who the server says it is; nobody on a Unix socket."""
    return str((scope.get("client") or ("",))[0])


def network_of(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one: whoever has one has all of it."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))
