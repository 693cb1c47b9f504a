"""Work that takes longer than a request may: done later, by threads of this process.

They end with the process, whatever they are at. So what is started here must be found
again in the database by whoever cleans up, and go on from there; a mail is not, and is
lost.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Full, Queue

from django.db import close_old_connections, reset_queries

from .db_timeouts import patiently

logger = logging.getLogger(__name__)

Job = Callable[[], None]


class Worker:
    """Threads of its own with a queue before them: no other kind of work waits for it.

    Few threads, since each has a database connection, and sockets come first. `most` is
    how many jobs may wait; without it there is no bound. The statements of a patient
    worker may take longer (core/db_timeouts.py), and its jobs need the database.
    """

    def __init__(
        self, name: str, *, threads: int, most: int = 0, is_patient: bool = False
    ) -> None:
        self.name = name
        self._is_patient = is_patient
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
            # Not a ThreadPoolExecutor: Python waits for its threads before it ends.
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
            run(partial(patiently, job) if self._is_patient else job, self.name)


# What the clean-up starts is as much as the database holds: it is not bounded here.
BACKGROUND = Worker("background", threads=3, is_patient=True)
# A mail server may hang for seconds with each mail, and anybody may cause mails. A mail
# that is written goes out without the database.
MAIL = Worker("mail", threads=1, most=1_000)


def start(job: Job, worker: Worker = BACKGROUND) -> None:
    """Return at once; the job's turn comes. From any thread.

    A job that finds no place in the queue is dropped: what it belongs to is committed.
    """
    try:
        worker.put(job)
    except Full:
        logger.warning("too much %s work waits: a job was dropped", worker.name)


def repeat(name: str, seconds: float, job: Job) -> None:
    """Run the job now and again, with a pause in between, until the process ends."""

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
        # The class alone: the text of a database error quotes the row.
        logger.warning("%s failed: %s", name, type(error).__name__)
    finally:
        close_old_connections()
