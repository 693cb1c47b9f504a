"""The threads of REST, shared out between networks.

Python's threads wait for one another: whatever a network sends, more than two of its
requests at once would do no more work, and the sockets would wait for them.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from core.threads import REQUEST_THREADS, in_request_thread

from .pools import Busy

P = ParamSpec("P")
T = TypeVar("T")

THREADS_PER_NETWORK = 2
# As long as a command may take. Without the database each request takes so long.
WAIT_SECONDS = 5


class Turns:
    def __init__(self) -> None:
        self._free = asyncio.Semaphore(REQUEST_THREADS)
        # Of each network that asks. Whoever holds or awaits one keeps it here.
        self._networks: WeakValueDictionary[str, asyncio.Semaphore] = (
            WeakValueDictionary()
        )

    async def run(
        self, network: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run it in a thread. Raises Busy when the network's turn does not come."""
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await held.enter_async_context(self._turn(network))
                    await held.enter_async_context(self._free)
            except TimeoutError:
                raise Busy(retry_after=WAIT_SECONDS) from None
            return await in_request_thread(work, *args, **kwargs)

    def _turn(self, network: str) -> asyncio.Semaphore:
        new = asyncio.Semaphore(THREADS_PER_NETWORK)
        return self._networks.setdefault(network, new)
