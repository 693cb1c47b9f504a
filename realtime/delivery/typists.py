"""People who type, as far as this process's sockets go: typing ends by itself.

Volatile, never stored: a client that hears nothing more after `expires_in` forgets it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.actor import has_account
from chat import queries
from chat.events import TypingStarted, TypingStopped, encode
from chat.payloads.people import user_payload
from core import limits
from core.bus import publisher
from core.bus.envelopes import ToRoom
from core.errors import RateLimited
from core.threads import in_database

from .connection import Connection

logger = logging.getLogger(__name__)

EXPIRES_SECONDS = 6


@dataclass(slots=True, eq=False)
class Typist:
    """Somebody who types in a room, through one connection."""

    connection: Connection
    room: str
    timer: asyncio.TimerHandle
    # The ids of the people who have blocked them; None until the database said so.
    blocked_by: Sequence[str] | None = None

    def tell(self, event: TypingStarted | TypingStopped) -> None:
        if self.blocked_by is not None:
            publisher.publish([ToRoom(self.room, encode(event), self.blocked_by)])


class Typing:
    """Those who type at the moment. Owned by the event loop."""

    def __init__(self) -> None:
        self._typists: dict[tuple[Connection, str], Typist] = {}
        # Kept, or the collector would end them.
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, connection: Connection, room: str) -> None:
        """Heard of nobody who is not subscribed, is a guest, or says it too often."""
        try:
            limits.typing.take_now(connection.user_id)
        except RateLimited:
            return
        is_silent = connection.lease.has_ended() or not has_account(connection.actor)
        if room not in connection.rooms or is_silent:
            return
        timer = asyncio.get_running_loop().call_later(
            EXPIRES_SECONDS, self.stop, connection, room
        )
        typist = self._typists.get((connection, room))
        if typist is None:
            self._begin(Typist(connection, room, timer))
            return
        typist.timer.cancel()
        typist.timer = timer
        typist.tell(_started(typist))

    def stop(self, connection: Connection, room: str) -> None:
        if typist := self._typists.pop((connection, room), None):
            typist.timer.cancel()
            typist.tell(TypingStopped(room, user_payload(connection.user)))

    def forget(self, connection: Connection) -> None:
        """The socket is closed: nobody types there any more."""
        for typist, room in [key for key in self._typists if key[0] is connection]:
            self.stop(typist, room)

    def _begin(self, typist: Typist) -> None:
        self._typists[typist.connection, typist.room] = typist
        task = asyncio.create_task(self._tell_of(typist))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_of(self, typist: Typist) -> None:
        """Once for each time that somebody begins, the database says who must not hear.

        Without an answer nobody is told: it is only typing.
        """
        actor = typist.connection.actor
        try:
            blocked_by = await in_database(queries.blocks.blocked_by, actor)
        except Exception as error:
            logger.warning("typing: %s", type(error).__name__)
            return
        if self._typists.get((typist.connection, typist.room)) is typist:
            typist.blocked_by = blocked_by
            typist.tell(_started(typist))


def _started(typist: Typist) -> TypingStarted:
    user = user_payload(typist.connection.user)
    return TypingStarted(typist.room, user, EXPIRES_SECONDS)
