"""Group commit: drafts that wait while a transaction runs share the next one.

There is no timer: a lone message waits for nothing, and under load the batch grows by
itself.
"""

import asyncio
import time
from collections import deque

from chat.log.append import append
from chat.log.draft import Appended, Draft
from core import metrics
from core.db_timeouts import as_unavailable
from core.errors import Unavailable
from core.threads import in_writer_thread

from .grouping import settle

# Small enough that of a thousand senders half are answered while the other half's
# messages are committed.
MAX_BATCH = 512


class Writer:
    """One per process. Drafts are written in the order in which they were submitted."""

    def __init__(self) -> None:
        # Each with the monotonic time at which it was submitted.
        self._waiting: deque[tuple[Draft, asyncio.Future[Appended], float]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def submit(self, draft: Draft) -> Appended:
        """Returns when the message is committed. Raises the refusal if there is one."""
        done: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._waiting.append((draft, done, time.monotonic()))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await done

    async def flush(self) -> None:
        """Return when no draft waits."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), MAX_BATCH)
                metrics.batch_messages.observe(size)
                metrics.writer_wait.observe(time.monotonic() - self._waiting[0][2])
                taken = [self._waiting.popleft() for _ in range(size)]
                await self._write([(draft, done) for draft, done, _ in taken])
        finally:
            self._running = None

    async def _write(self, batch: list[tuple[Draft, asyncio.Future[Appended]]]) -> None:
        try:
            outcomes = await in_writer_thread(append, [draft for draft, _ in batch])
        except Exception as error:
            for _, done in batch:
                # The client may send the same client_id again.
                settle(done, as_unavailable(error) or Unavailable())
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a batch of messages was not written", "exception": error}
            )
            return
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            settle(done, outcome)
