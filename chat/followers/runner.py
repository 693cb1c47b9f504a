"""The thread of one follower: it holds the lease, finds what is new and delivers it.

Every server process has such a thread; the one that holds the lease works. It is woken
by the rooms that the bus names, and looks at all rooms every POLL_SECONDS, since a hint
of the bus may be lost. A failure of the database ends a turn, never the thread.
"""

import logging
import threading
import time
from functools import partial
from itertools import islice
from uuid import UUID

from core import jobs
from core.db_timeouts import with_long_timeouts

from .. import leases
from ..leases import Lost
from ..models import Cursor, Lease
from . import cursors
from .follower import Follower

logger = logging.getLogger(__name__)

POLL_SECONDS = 15.0
# How long the end of the process waits for a turn that is under way.
STOP_SECONDS = 2.0


class Runner:
    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.lease: Lease | None = None
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        # Rooms that the bus named, and rooms whose last batch left something over.
        self._named: set[str] = set()
        self._unfinished: set[str] = set()
        # Where a look at all rooms goes on; None when there is none under way.
        self._polled: UUID | None = None
        self._poll_at = 0.0
        self._thread = threading.Thread(
            target=self.live, name=f"follower {follower.name}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def wake(self, room: str) -> None:
        """Look at this room soon. Never blocks; from any thread, the event loop's too.

        A process without the lease ignores it: otherwise each message would make all
        processes ask for the lease.
        """
        if self.lease is not None:
            with self._lock:
                self._named.add(room)
            self._woken.set()

    def stop(self) -> None:
        """End after the delivery that is under way, and release the lease."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(STOP_SECONDS)

    def live(self) -> None:
        """Take turns until the process ends. The thread's own work."""
        while not self._stopped.is_set():
            jobs.run(partial(with_long_timeouts, self.turn), self._thread.name)
            self._wait()
        if self.lease is not None:
            jobs.run(partial(leases.release, self.lease), self._thread.name)

    def _wait(self) -> None:
        if self.lease is None:
            self._stopped.wait(POLL_SECONDS)
        elif not self._unfinished and self._polled is None:
            self._woken.wait(max(0.0, self._poll_at - time.monotonic()))
            self._stopped.wait(self.follower.gather_seconds)

    def turn(self) -> None:
        """Deliver what is new in the rooms that were named, and in a page of all rooms.

        The named rooms are one page too, and each room gets one batch. What a failure
        of the database leaves undone is found when all rooms are looked at again.
        """
        rooms, after = self._take_rooms(), self._polled
        self._polled = None
        if not self._has_lease():
            return
        if rooms:
            self._deliver_all(cursors.behind(self.follower.name, among=rooms))
        if after is not None or time.monotonic() >= self._poll_at:
            self._poll_at = time.monotonic() + POLL_SECONDS
            page = cursors.behind(self.follower.name, after=after)
            self._deliver_all(page)
            self._polled = page[-1].room_id if len(page) == cursors.MAX_ROOMS else None

    def _take_rooms(self) -> set[str]:
        """As many as one page has; the others stay for the next turn."""
        with self._lock:
            self._woken.clear()
            waiting = self._named | self._unfinished
            taken = set(islice(waiting, cursors.MAX_ROOMS))
            self._named, self._unfinished = set(), waiting - taken
        return taken

    def _has_lease(self) -> bool:
        """Take the lease or renew it; whoever has just taken it looks at all rooms."""
        try:
            if self.lease is not None:
                leases.renew(self.lease)
        except Lost:
            self.lease = None
        if self.lease is None and (taken := leases.take(self._thread.name)):
            # Before anything is delivered, or old rooms would be taken for new ones.
            cursors.begin(self.follower.name)
            self.lease, self._poll_at = taken, 0.0
        return self.lease is not None

    def _deliver_all(self, page: list[Cursor]) -> None:
        for cursor in page:
            # Renewed for each room: a delivery may take most of the lease's time.
            if self._stopped.is_set() or not self._has_lease():
                return
            self._deliver(cursor)

    def _deliver(self, cursor: Cursor) -> None:
        batch = cursors.read(cursor)
        try:
            if batch.messages:
                self.follower.deliver(batch)
        except Exception as error:
            # The class alone: an error's text may quote what somebody wrote.
            reason = type(error).__name__
            logger.warning("%s: room %s: %s", self._thread.name, cursor.room_id, reason)
            cursors.put_off(cursor)
            return
        cursors.save(cursor, batch)
        if batch.upto < batch.room.head_seq:
            self._unfinished.add(str(cursor.room_id))
