"""People who type, through the sockets of this process. Typing ends by itself.

Typing is volatile and never stored: a client that hears nothing for `expires_in`
seconds forgets that somebody typed.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.actor import Actor, has_account
from accounts.revocation import current
from chat import queries
from chat.events import TypingStarted, TypingStopped, encode
from chat.payloads.people import UserPayload, user_payload
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
    # The person as others see them, and the ids of the people who have blocked them.
    # None until the database has answered; nothing is published before that.
    person: UserPayload | None = None
    blocked_by: Sequence[str] = ()

    def publish_started(self) -> None:
        if self.person is not None:
            self._publish(TypingStarted(self.room, self.person, EXPIRES_SECONDS))

    def publish_stopped(self) -> None:
        if self.person is not None:
            self._publish(TypingStopped(self.room, self.person))

    def _publish(self, event: TypingStarted | TypingStopped) -> None:
        publisher.publish([ToRoom(self.room, encode(event), self.blocked_by)])


class Typists:
    """The people who type at the moment. Owned by the event loop."""

    def __init__(self) -> None:
        self._typists: dict[tuple[Connection, str], Typist] = {}
        # A reference to each task, without which it could be garbage-collected.
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, connection: Connection, room: str) -> None:
        """Begin, or go on for another EXPIRES_SECONDS.

        Ignored from a guest, from a connection that is not subscribed to the room or
        whose token has ended, and when it comes too often.
        """
        try:
            limits.typing.take_now(connection.user_id)
        except RateLimited:
            return
        is_silent = connection.grace.has_ended() or not has_account(connection.actor)
        if room not in connection.rooms or is_silent:
            return
        timer = asyncio.get_running_loop().call_later(
            EXPIRES_SECONDS, self.stop, connection, room
        )
        if typist := self._typists.get((connection, room)):
            typist.timer.cancel()
            typist.timer = timer
            typist.publish_started()
        else:
            typist = self._typists[connection, room] = Typist(connection, room, timer)
            task = asyncio.create_task(self._introduce(typist))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def stop(self, connection: Connection, room: str) -> None:
        if typist := self._typists.pop((connection, room), None):
            typist.timer.cancel()
            typist.publish_stopped()

    def forget(self, connection: Connection) -> None:
        """The socket is closed: stop its typing in every room."""
        for key in [key for key in self._typists if key[0] is connection]:
            self.stop(*key)

    async def _introduce(self, typist: Typist) -> None:
        """Publish a new typist, once the database has said who they are to others.

        It is asked each time that somebody begins to type. When it does not answer, or
        the session has ended, nobody hears of the typing, which is no loss.
        """
        actor = typist.connection.actor
        try:
            person, blocked_by = await in_database(_as_others_see, actor)
        except Exception as error:
            logger.warning("typing: %s", type(error).__name__)
            return
        if self._typists.get((typist.connection, typist.room)) is typist:
            typist.person, typist.blocked_by = person, blocked_by
            typist.publish_started()


def _as_others_see(actor: Actor) -> tuple[UserPayload, Sequence[str]]:
    """The person as they are now, who may have been renamed since the socket opened,
    and the ids of the people who have blocked them. Raises Unauthorized."""
    now = current(actor)
    return user_payload(now.user), queries.blocks.blocked_by(now)
