"""Work that takes longer than a request may: done later, by threads of this process.

They end with the process, whatever they are at. So what is started here must be found
again in the database by whoever cleans up, and go on from there.
"""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from django.db import close_old_connections, reset_queries

from .patience import patiently

logger = logging.getLogger(__name__)

Job = Callable[[], None]
# Few: each has a database connection, and sockets come first.
_THREADS = 3

_jobs: SimpleQueue[Job] = SimpleQueue()
_threads: list[threading.Thread] = []
_lock = threading.Lock()


def start(job: Job) -> None:
    """Return at once; the job's turn comes. From any thread."""
    with _lock:
        # Not a ThreadPoolExecutor: Python waits for its threads before it ends.
        while len(_threads) < _THREADS:
            thread = threading.Thread(target=_work, name="background", daemon=True)
            _threads.append(thread)
            thread.start()
    _jobs.put(job)


def _work() -> None:
    while True:
        job = _jobs.get()
        # With DEBUG Django keeps the text of every query until somebody says this.
        reset_queries()
        try:
            patiently(job)
        except Exception as error:
            # Not its text: a database quotes what it refuses.
            logger.warning("background work failed: %s", type(error).__name__)
        finally:
            close_old_connections()
