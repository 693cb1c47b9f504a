"""The only way from the event loop into the database: bounded pools of threads.

`database_sync_to_async` is not used, because it runs the queries of all sockets in one
thread (https://github.com/django/asgiref/issues/403).
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections, reset_queries

from . import metrics

P = ParamSpec("P")
T = TypeVar("T")

REQUEST_THREADS = 8
# So many things are asked about in one call by work that nobody waits for.
PART = 250
_readers = ThreadPoolExecutor(settings.DB_THREADS, thread_name_prefix="db")
# Apart from those of the sockets, so that no socket waits behind a slow request.
_requests = ThreadPoolExecutor(REQUEST_THREADS, thread_name_prefix="http")
# Apart from the readers, so that no message waits behind somebody's history.
_writer = ThreadPoolExecutor(1, thread_name_prefix="writer")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function` in a thread that may use the database; raises what it raises."""
    return await _run("readers", _readers, partial(function, *args, **kwargs))


def in_parts(everything: Sequence[T]) -> Iterator[Sequence[T]]:
    """For work that nobody waits for: a call of its own for each part.

    Threads share the interpreter, and reading a thousand rows holds up everybody's
    messages for 10 ms.
    """
    for start in range(0, len(everything), PART):
        yield everything[start : start + PART]


def in_writer_thread(work: Callable[[], None]) -> None:
    """Run `work` in the one thread that belongs to the writer, and do not wait for it.

    The thread keeps its database connection, because giving it back after each batch
    and taking it again would cost a tenth of a message that is written alone. Whatever
    finds the connection broken has to close it.
    """
    asked_at = time.monotonic()

    def timed() -> None:
        metrics.database_wait.labels("writer").observe(time.monotonic() - asked_at)
        reset_queries()
        work()

    _writer.submit(timed)


async def in_request_thread(
    function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The same, in one of the threads that answer REST."""
    return await _run("requests", _requests, partial(function, *args, **kwargs))


async def _run(name: str, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    asked_at = time.monotonic()

    def timed() -> T:
        metrics.database_wait.labels(name).observe(time.monotonic() - asked_at)
        # With DEBUG Django keeps the text of every query until it is told to forget.
        reset_queries()
        try:
            return work()
        finally:
            # Closes the connection, or gives it back to the pool, at once.
            close_old_connections()

    # The thread sees the client's address, for the audit log (core/audit.py).
    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, timed)
