"""Group commit: drafts that wait while a transaction runs share the next one.

There is no timer: a lone message waits for nothing, and under load the batch grows by
itself.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from chat.log.append import append
from chat.log.draft import Appended, Draft, Outcome
from core import metrics
from core.db_timeouts import as_unavailable
from core.errors import Unavailable
from core.threads import in_writer_thread

from .grouping import settle

logger = logging.getLogger(__name__)

# Small enough that of a thousand senders half are answered while the other half's
# messages are committed.
MAX_BATCH = 512

# A draft, where its outcome goes, and the monotonic time at which it was submitted.
Waiting = tuple[Draft, asyncio.Future[Appended], float]


class Writer:
    """One per process. Drafts are written in the order in which they were submitted."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._is_writing = False
        # How many drafts were submitted so far, and how many have an outcome.
        self._submitted = 0
        self._settled = 0
        self._has_settled = asyncio.Event()

    async def submit(self, draft: Draft) -> Appended:
        """Returns when the message is committed. Raises the refusal if there is one."""
        done: asyncio.Future[Appended] = self._loop.create_future()
        self._waiting.append((draft, done, time.monotonic()))
        self._submitted += 1
        if not self._is_writing:
            self._write_next()
        return await done

    async def flush(self) -> None:
        """Return when all drafts that were submitted before have an outcome."""
        last = self._submitted
        while self._settled < last:
            self._has_settled.clear()
            await self._has_settled.wait()

    def _write_next(self) -> None:
        self._is_writing = True
        size = min(len(self._waiting), MAX_BATCH)
        metrics.batch_messages.observe(size)
        metrics.writer_wait.observe(time.monotonic() - self._waiting[0][2])
        batch = [self._waiting.popleft() for _ in range(size)]
        in_writer_thread(partial(self._write, batch))

    def _write(self, batch: Sequence[Waiting]) -> None:
        """In the writer's thread, from which only a callback leads back to the loop."""
        outcomes: Sequence[Outcome]
        try:
            outcomes = append([draft for draft, *_ in batch])
        except Exception as error:
            # The client may send the same client_id again.
            outcomes = [as_unavailable(error) or Unavailable()] * len(batch)
            logger.exception("a batch of messages was not written")
        self._loop.call_soon_threadsafe(self._written, batch, outcomes)

    def _written(self, batch: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
        self._is_writing = False
        if self._waiting:
            self._write_next()
        for (_, done, _), outcome in zip(batch, outcomes, strict=True):
            settle(done, outcome)
        self._settled += len(batch)
        self._has_settled.set()
