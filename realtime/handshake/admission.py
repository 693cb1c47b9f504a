"""Who may open one more socket, before anything is asked of the database.

By network address: so many in a second over all processes, so many at once in this one.
"""

import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings

from core import limits
from core.errors import RateLimited
from core.limits.table import LIMITS
from core.network import Network, client_of, networks_of

# A full address has no telling when one of its sockets will close.
FULL_SECONDS = 30.0

_open: Counter[str] = Counter()


@asynccontextmanager
async def admitted(scope: Any) -> AsyncIterator[RateLimited | None]:
    """The socket counts until the block ends; yields why it may not stay, or None."""
    address = client_of(scope)
    networks = networks_of(address)
    _open.update(network.name for network in networks)
    try:
        yield await _refusal(address)
    finally:
        for network in networks:
            _open[network.name] -= 1
            if not _open[network.name]:
                del _open[network.name]


async def _refusal(address: str) -> RateLimited | None:
    if settings.RATE_LIMITS and any(map(_is_full, networks_of(address))):
        return RateLimited(retry_after=FULL_SECONDS)
    try:
        await limits.connects.take_soon(address)
    except RateLimited as refusal:
        # Who reconnects is told whole seconds, so that they do not come all at once.
        return RateLimited(retry_after=math.ceil(refusal.retry_after or 1))
    return None


def _is_full(network: Network) -> bool:
    return _open[network.name] > network.times * LIMITS.connections_per_address
