"""Reports to the database which people have sockets in this process.

The first socket of a person is reported at once, the end of the last one some seconds
later, since a page that is loaded again comes back in a moment.
"""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from chat import presence
from core.bus.envelopes import ORIGIN
from core.threads import in_database

logger = logging.getLogger(__name__)

LINGER_SECONDS = 5
# A report that failed is repeated after this time.
RETRY_SECONDS = 1.0
# People who come in a crowd are reported in batches, with this pause between two. The
# first one is reported at once.
PAUSE_SECONDS = 0.2
# The most people in one transaction. Their announcements go out in one turn of the
# event loop, and each goes to all readers of a person's rooms.
MAX_BATCH = 256


class PresenceReporter:
    """Reports all who came or went since its last report. Owned by the event loop."""

    def __init__(self, is_here: Callable[[str], bool]) -> None:
        """`is_here` says whether a person, by id, has a socket in this process."""
        self._is_here = is_here
        # The people whom the database counts as present in this process.
        self._reported: set[str] = set()
        # The people whose reports are due, in the order in which they changed.
        self._due: dict[str, None] = {}
        self._reporting: asyncio.Task[None] | None = None

    def came(self, user_id: str) -> None:
        self._changed(user_id)

    def went(self, user_id: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(LINGER_SECONDS, self._changed, user_id)

    def _changed(self, user_id: str) -> None:
        if self._is_here(user_id) == (user_id in self._reported):
            return
        self._due[user_id] = None
        if self._reporting is None:
            self._reporting = asyncio.create_task(self._report_due())

    async def _report_due(self) -> None:
        """People who change while others are written go into the next transaction."""
        try:
            while self._due:
                batch = list(self._due)[:MAX_BATCH]
                for user_id in batch:
                    del self._due[user_id]
                try:
                    await self._report(set(batch))
                except Exception as error:
                    logger.warning("presence: %s", type(error).__name__)
                    # Nothing else would report them while they stay as they are.
                    self._due.update(dict.fromkeys(batch))
                    await asyncio.sleep(RETRY_SECONDS)
                if self._due:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._reporting = None

    async def _report(self, changed: set[str]) -> None:
        here = {user_id for user_id in changed if self._is_here(user_id)}
        if came := here - self._reported:
            if not await in_database(presence.arrive, ORIGIN, *map(UUID, came)):
                self._report_all_again()
            self._reported |= came
        if went := (changed - here) & self._reported:
            await in_database(presence.depart, ORIGIN, *map(UUID, went))
            self._reported -= went

    async def renew(self) -> None:
        """Say that this process is alive; take the people of dead ones offline."""
        if not await in_database(presence.renew, ORIGIN):
            self._report_all_again()
        await in_database(presence.expire)

    def _report_all_again(self) -> None:
        """Another process took this one for dead, and everybody in it offline."""
        reported, self._reported = self._reported, set()
        for user_id in reported:
            self._changed(user_id)


async def end() -> None:
    """Take everybody in this process offline, because it stops."""
    await in_database(presence.end, ORIGIN)
