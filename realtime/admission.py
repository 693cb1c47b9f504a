"""Who may open one more socket, before anything is asked of the database.

By network address: so many in a second over all processes, so many at once in this one.
"""

import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings

from chat import limits
from chat.addresses import client_of, network_of
from chat.errors import RateLimited
from chat.limits import LIMITS

# A full address has no telling when one of its sockets will close.
FULL_SECONDS = 30.0

_open: Counter[str] = Counter()


@asynccontextmanager
async def admitted(scope: Any) -> AsyncIterator[RateLimited | None]:
    """The socket counts until the block ends; yields why it may not stay, or None."""
    network = network_of(client_of(scope))
    _open[network] += 1
    try:
        yield await _refusal(network)
    finally:
        _open[network] -= 1
        if not _open[network]:
            del _open[network]


async def _refusal(network: str) -> RateLimited | None:
    if settings.RATE_LIMITS and _open[network] > LIMITS.connections_per_address:
        return RateLimited(retry_after=FULL_SECONDS)
    try:
        await limits.connects.take_soon(network)
    except RateLimited as refusal:
        # Who reconnects is told whole seconds, so that they do not come all at once.
        return RateLimited(retry_after=math.ceil(refusal.retry_after or 1))
    return None
