"""Who types, as far as this process's sockets go: it ends by itself.

Volatile, never stored: a client that hears nothing more after `expires_in` forgets it.
"""

import asyncio

from chat import broadcast, limits
from chat.access.seat import has_account
from chat.broadcast import ToRoom
from chat.errors import RateLimited
from chat.events import TypingStarted, TypingStopped, encode
from chat.payloads import user_payload

from .connection import Connection

EXPIRES_SECONDS = 6


class Typing:
    """The timers of those who type. Owned by the event loop."""

    def __init__(self) -> None:
        self._timers: dict[tuple[Connection, str], asyncio.TimerHandle] = {}

    def start(self, connection: Connection, room: str) -> None:
        """Who is not subscribed, is a guest, or tells it all the time is not heard."""
        try:
            limits.typing.take_now(connection.user_id)
        except RateLimited:
            return
        is_silent = connection.lease.has_ended() or not has_account(connection.user)
        if room not in connection.feeds or is_silent:
            return
        self._cancel(connection, room)
        loop = asyncio.get_running_loop()
        self._timers[connection, room] = loop.call_later(
            EXPIRES_SECONDS, self.stop, connection, room
        )
        user = user_payload(connection.user)
        _tell(room, encode(TypingStarted(room, user, EXPIRES_SECONDS)))

    def stop(self, connection: Connection, room: str) -> None:
        if self._cancel(connection, room):
            _tell(room, encode(TypingStopped(room, user_payload(connection.user))))

    def forget(self, connection: Connection) -> None:
        """The socket is closed: nobody types there any more."""
        for typist, room in [key for key in self._timers if key[0] is connection]:
            self.stop(typist, room)

    def _cancel(self, connection: Connection, room: str) -> bool:
        timer = self._timers.pop((connection, room), None)
        if timer is not None:
            timer.cancel()
        return timer is not None


def _tell(room: str, text: str) -> None:
    broadcast.publish([ToRoom(room, text)])
