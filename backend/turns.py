"""The threads of REST, shared out among networks.

Python's threads wait for one another. More than two requests of a network at once would
do no more work in the same time, and the sockets would wait for all of them.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from core import metrics
from core.threads import REQUEST_THREADS, in_request_thread

from .pools import Busy

P = ParamSpec("P")
T = TypeVar("T")

THREADS_PER_NETWORK = 2
# As long as a command may take. Without the database each request takes so long.
WAIT_SECONDS = 5


class Turns:
    """The queue before the threads of REST."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(REQUEST_THREADS)
        # By network. An entry lives as long as a request holds or awaits its semaphore.
        self._networks: WeakValueDictionary[str, asyncio.Semaphore] = (
            WeakValueDictionary()
        )

    async def run(
        self, network: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run it in a thread. Raises Busy when the network's turn does not come."""
        asked_at = time.monotonic()
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    new = asyncio.Semaphore(THREADS_PER_NETWORK)
                    turn = self._networks.setdefault(network, new)
                    await held.enter_async_context(turn)
                    await held.enter_async_context(self._free)
            except TimeoutError:
                raise Busy(retry_after=WAIT_SECONDS) from None
            finally:
                metrics.request_wait.observe(time.monotonic() - asked_at)
            return await in_request_thread(work, *args, **kwargs)
