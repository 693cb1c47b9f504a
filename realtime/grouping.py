"""Grouped calls: questions that wait while a call runs are asked together in the next.

Sockets that arrive together are admitted together in this way. A lone question waits
for nothing, and the more arrive, the larger the groups grow (docs/decisions/0018).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from core import metrics
from core.db_timeouts import as_unavailable
from core.errors import Refusal
from core.threads import in_database

Question = TypeVar("Question")
Answer = TypeVar("Answer")

# Large enough that a room is mostly read for several sockets of the group, and small
# enough for the number of values that SQLite takes: each may ask for 100 rooms.
MAX_GROUP = 128
# When questions came during a call, the next call waits this long for more of them.
PAUSE_SECONDS = 0.01
# After so many answers the event loop serves other sockets, so that a message is not
# held up behind a whole group.
ANSWERS_AT_ONCE = 16


class Grouped(Generic[Question, Answer]):
    """One call to the database at a time, each with all that waits, in order.

    Whoever owns it is on the event loop and lives as long as the process or its hub.
    """

    def __init__(
        self,
        name: str,
        call: Callable[[list[Question]], Sequence[Answer | Refusal]],
    ) -> None:
        """`call` runs in a database thread and gives an answer for each question.

        `name` is a label of the metric `group_size`.
        """
        self._call = call
        self._size = metrics.group_size.labels(name)
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """Raises the refusal if that is the answer, and what the call raised for it."""
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, done))
        if self._running is None:
            # In an empty context: the call works for all who wait, and must not log
            # the address of one of them.
            run = self._run()
            self._running = asyncio.create_task(run, context=Context())
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), MAX_GROUP)
                taken = [self._waiting.popleft() for _ in range(size)]
                # Those are done whose sockets were closed while they waited.
                if group := [pair for pair in taken if not pair[1].done()]:
                    self._size.observe(len(group))
                    await self._answer(group)
                if self._waiting:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._running = None

    async def _answer(
        self, group: list[tuple[Question, asyncio.Future[Answer]]]
    ) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await in_database(self._call, [question for question, _ in group])
        except Exception as error:
            if len(group) > 1 and as_unavailable(error) is None:
                # One question spoils the call for all. Each is asked alone now.
                for pair in group:
                    await self._answer([pair])
                return
            answers = [error] * len(group)
        for place, ((_, done), answer) in enumerate(zip(group, answers, strict=True)):
            if place % ANSWERS_AT_ONCE == ANSWERS_AT_ONCE - 1:
                await asyncio.sleep(0)
            settle(done, answer)


def settle(done: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    """Give the answer, or raise the error, to whoever still waits for it."""
    # It is cancelled when its socket was closed or its command timed out meanwhile.
    if done.done():
        return
    if isinstance(answer, Exception):
        done.set_exception(answer)
    else:
        done.set_result(answer)
