"""The only way from the event loop into the database: bounded pools of threads.

Not `database_sync_to_async`: it runs every socket's queries in one thread
(https://github.com/django/asgiref/issues/403).
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections, reset_queries

from . import metrics

P = ParamSpec("P")
T = TypeVar("T")

_readers = ThreadPoolExecutor(settings.DB_THREADS, thread_name_prefix="db")
# REST has its own: what it waits for, no socket waits for.
REQUEST_THREADS = 8
_requests = ThreadPoolExecutor(REQUEST_THREADS, thread_name_prefix="http")
# Its own thread: a batch of messages never queues behind somebody's history.
_writer = ThreadPoolExecutor(1, thread_name_prefix="writer")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function` in a database thread; raises what it raises."""
    return await _run("readers", _readers, partial(function, *args, **kwargs))


async def in_writer_thread(
    function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The same, in the one thread that the writer has for itself."""
    return await _run("writer", _writer, partial(function, *args, **kwargs))


async def in_request_thread(
    function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The same, in one of the threads that answer REST."""
    return await _run("requests", _requests, partial(function, *args, **kwargs))


async def _run(name: str, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    asked_at = time.monotonic()

    def timed() -> T:
        metrics.database_wait.labels(name).observe(time.monotonic() - asked_at)
        return _and_close(work)

    # So that the log knows from where it is asked (core/audit.py).
    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, timed)


def _and_close(work: Callable[[], T]) -> T:
    """A connection goes back to the pool (or is closed) as soon as its work is done."""
    # With DEBUG Django keeps the text of every query until somebody says this.
    reset_queries()
    try:
        return work()
    finally:
        close_old_connections()
