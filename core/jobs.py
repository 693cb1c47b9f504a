"""Work that takes longer than a request may, done by threads of this process.

The threads end with the process, whatever they are doing. So the clean-up must find in
the database what a job left undone, and start it again. A mail has no row to be found
by, and is lost.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Full, Queue

from django.db import close_old_connections, reset_queries

from .db_timeouts import with_long_timeouts

logger = logging.getLogger(__name__)

Job = Callable[[], None]


class Worker:
    """A queue with threads of its own, so that no other kind of work waits for it.

    There are few threads, since each has a database connection and sockets come first.
    `most` is how many jobs may wait; 0 means any number. With `long_timeouts` the jobs'
    statements may take longer (core/db_timeouts.py), and its jobs need the database.
    """

    def __init__(
        self, name: str, *, threads: int, most: int = 0, long_timeouts: bool = False
    ) -> None:
        self.name = name
        self._long_timeouts = long_timeouts
        self._size = threads
        self._jobs: Queue[Job] = Queue(most)
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        return self._jobs.full()

    def put(self, job: Job) -> None:
        """Raises Full."""
        with self._lock:
            # Daemon threads, because Python waits for a ThreadPoolExecutor's at exit.
            while len(self._threads) < self._size:
                thread = threading.Thread(
                    target=self._work, name=self.name, daemon=True
                )
                self._threads.append(thread)
                thread.start()
        self._jobs.put_nowait(job)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if self._long_timeouts:
                job = partial(with_long_timeouts, job)
            run(job, self.name)


# The clean-up starts as many jobs as the database holds, so the queue has no bound.
BACKGROUND = Worker("background", threads=3, long_timeouts=True)
# Anybody may cause mails, and a mail server may hang for seconds with each of them.
# Sending a mail needs no database.
MAIL = Worker("mail", threads=1, most=1_000)


def start(job: Job, worker: Worker = BACKGROUND) -> None:
    """Put the job into the worker's queue and return at once. From any thread.

    A job that finds the queue full is dropped, with a warning: the caller's transaction
    is committed and cannot be refused any more.
    """
    try:
        worker.put(job)
    except Full:
        logger.warning("too much %s work waits: a job was dropped", worker.name)


def repeat(name: str, seconds: float, job: Job) -> None:
    """Run the job again and again in a thread, with a pause after each time."""

    def work() -> None:
        while True:
            run(job, name)
            time.sleep(seconds)

    threading.Thread(target=work, name=name, daemon=True).start()


def run(job: Job, name: str) -> None:
    """Run it in this thread, log what it raises, and give the connection back."""
    # With DEBUG Django keeps the text of every query until it is told to forget them.
    reset_queries()
    try:
        job()
    except Exception as error:
        # Its class alone: the text of a database error quotes the row.
        logger.warning("%s failed: %s", name, type(error).__name__)
    finally:
        close_old_connections()
