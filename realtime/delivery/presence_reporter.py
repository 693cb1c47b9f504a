"""Which people this process has sockets of, told to the database.

The first socket of a person says so at once; the last one waits a little before it
does, since a page that is loaded again comes back in a moment.
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
# Until what the database did not take is told again.
RETRY_SECONDS = 1.0
# People of one transaction.
MAX_BATCH = 500


class Attendance:
    """Tells of all who came and went since it told last. For the event loop."""

    def __init__(self, is_here: Callable[[str], bool]) -> None:
        self._is_here = is_here
        self._told: set[str] = set()
        self._changed: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None

    def came(self, user_id: str) -> None:
        self._tell_of(user_id)

    def went(self, user_id: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(LINGER_SECONDS, self._tell_of, user_id)

    def _tell_of(self, user_id: str) -> None:
        if self._is_here(user_id) == (user_id in self._told):
            return
        self._changed[user_id] = None
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        """Who comes while others are written goes into the next transaction."""
        try:
            while self._changed:
                changed = list(self._changed)[:MAX_BATCH]
                for user_id in changed:
                    del self._changed[user_id]
                if not await self._tell_all(set(changed)):
                    # Nothing else would tell of them while they stay as they are.
                    self._changed.update(dict.fromkeys(changed))
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._telling = None

    async def _tell_all(self, changed: set[str]) -> bool:
        here = {user_id for user_id in changed if self._is_here(user_id)}
        try:
            await self._tell_came(here - self._told)
            await self._tell_went((changed - here) & self._told)
        except Exception as error:
            logger.warning("presence: %s", type(error).__name__)
            return False
        return True

    async def _tell_came(self, user_ids: set[str]) -> None:
        if not user_ids:
            return
        if not await in_database(presence.arrive, ORIGIN, *map(UUID, user_ids)):
            self._tell_again()
        self._told |= user_ids

    async def _tell_went(self, user_ids: set[str]) -> None:
        if user_ids:
            await in_database(presence.depart, ORIGIN, *map(UUID, user_ids))
            self._told -= user_ids

    async def renew(self) -> None:
        """This process is alive; those that are not take their people offline."""
        if not await in_database(presence.renew, ORIGIN):
            self._tell_again()
        await in_database(presence.expire)

    def _tell_again(self) -> None:
        """Another process took this one for dead, and everybody in it offline."""
        told, self._told = self._told, set()
        for user_id in told:
            self._tell_of(user_id)


async def end() -> None:
    await in_database(presence.end, ORIGIN)
