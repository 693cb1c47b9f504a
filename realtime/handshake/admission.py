"""The limits on opening sockets, applied before the database is asked anything.

They count by network address: new sockets in a second over all processes, and open
sockets in this process.
"""

import math
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings

from core import limits
from core.errors import RateLimited
from core.limits.table import LIMITS
from core.network import Network, client_of, networks_of

# When a network has all the sockets it may, nothing tells when one of them will close.
FULL_SECONDS = 30.0

_open: Counter[str] = Counter()


@asynccontextmanager
async def admitted(scope: Any) -> AsyncIterator[RateLimited | None]:
    """Count the socket until the block ends. Yields None, or why it may not stay."""
    address = client_of(scope)
    networks = networks_of(address)
    _open.update(network.name for network in networks)
    try:
        yield await _refusal(address, networks)
    finally:
        for network in networks:
            _open[network.name] -= 1
            if not _open[network.name]:
                del _open[network.name]


async def _refusal(address: str, networks: Sequence[Network]) -> RateLimited | None:
    per_address = LIMITS.connections_per_address
    is_full = any(_open[n.name] > n.times * per_address for n in networks)
    if is_full and settings.RATE_LIMITS:
        return RateLimited(retry_after=FULL_SECONDS)
    try:
        await limits.connects.take_soon(address)
    except RateLimited as refusal:
        # Rounded up to whole seconds, so that clients do not all come back at once.
        return RateLimited(retry_after=math.ceil(refusal.retry_after or 1))
    return None
