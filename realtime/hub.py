"""The process's hub: its sockets, its rooms, and what it hears about them.

Sockets never join groups: the hub hears for all of them. A room has a feed from its
first local socket until some seconds after the last. What the hub hears it gives to the
feed; every few seconds it asks the database whether it heard everything.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from django.utils import timezone

from accounts import tokens
from chat import broadcast, queries
from chat.broadcast import (
    EndSessions,
    Envelope,
    Opened,
    PersonChanged,
    Publisher,
    RoomChanged,
    ToEverybody,
    ToPerson,
    ToRoom,
)
from chat.presence import RENEW_SECONDS

from . import attendance, crowding
from .attendance import Attendance
from .close_codes import CloseCode
from .connection import Connection
from .database import in_database
from .feed import Feed
from .layer import listen
from .typing import Typing
from .writer import Writer

logger = logging.getLogger(__name__)

CHECK_SOCKETS_SECONDS = 1
CHECK_HEADS_SECONDS = 10
CHECK_SESSIONS_SECONDS = 25
FORGET_TOKENS_SECONDS = 600
LINGER_SECONDS = 5
DRAIN_SECONDS = 3.0


class Hub:
    """Owned by one event loop; `hub()` makes it with the first socket."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.writer = Writer()
        self.typing = Typing()
        self._attendance = Attendance(lambda user_id: user_id in self._by_user)
        self.publisher = Publisher(asyncio.get_running_loop(), self._deliver)
        self._by_user: dict[str, set[Connection]] = {}
        self._feeds: dict[str, Feed] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}
        # Kept, or the collector would end them.
        self._tasks: set[asyncio.Task[None]] = set()
        broadcast.attach(self.publisher)
        for work in (
            listen(self._deliver),
            _every(CHECK_SOCKETS_SECONDS, self._check_sockets),
            _every(CHECK_HEADS_SECONDS, self._check_heads),
            _every(CHECK_SESSIONS_SECONDS, self._check_sessions),
            _every(FORGET_TOKENS_SECONDS, _forget_tokens),
            _every(RENEW_SECONDS, attendance.renew),
        ):
            self._keep(asyncio.create_task(work))

    # --- Sockets ---------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        self.connections.add(connection)
        self._by_user.setdefault(connection.user_id, set()).add(connection)
        self._attendance.came(connection.user_id)
        crowding.came(self._by_user[connection.user_id])

    def remove(self, connection: Connection) -> None:
        self.typing.forget(connection)
        self.connections.discard(connection)
        for room in list(connection.feeds):
            self.leave(connection, room)
        of_user = self._by_user.get(connection.user_id, set())
        of_user.discard(connection)
        if not of_user:
            self._by_user.pop(connection.user_id, None)
            self._attendance.went(connection.user_id)

    async def drain(self) -> None:
        """Before the process ends: commit what waits, say bye to everybody."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.writer.flush()
                await attendance.end()
                await self.publisher.flush()
        for connection in list(self.connections):
            connection.close(CloseCode.SHUTTING_DOWN)

    # --- Rooms -----------------------------------------------------------------------

    async def open(self, rooms: Iterable[str]) -> dict[str, Feed]:
        """The feeds of the rooms that exist, ready: from now on nothing is missed."""
        rooms = list(dict.fromkeys(rooms))
        new = [room for room in rooms if room not in self._feeds]
        if new:
            self._feeds.update({room: Feed(room) for room in new})
            task = asyncio.create_task(self._open(new))
            self._keep(task)
            self._opening.update(dict.fromkeys(new, task))
        opening = {self._opening[room] for room in rooms if room in self._opening}
        if opening:
            # Not gather: one who gives up waiting must not cancel it for the others.
            await asyncio.wait(opening)
        for task in opening:
            task.result()
        return {room: self._feeds[room] for room in rooms if room in self._feeds}

    def leave(self, connection: Connection, room: str) -> None:
        feed = self._feeds.get(room)
        if feed is None:
            return
        feed.leave(connection)
        if feed.is_empty:
            self._close_later(feed)

    async def _open(self, rooms: list[str]) -> None:
        """Feeds first, then heads: what is committed in between is kept by the feed."""
        heads: dict[str, tuple[int, str]] = {}
        try:
            heads = await in_database(queries.rooms.heads, rooms)
        finally:
            for room in rooms:
                del self._opening[room]
                if room in heads:
                    self._started(self._feeds[room], *heads[room])
                else:
                    del self._feeds[room]

    def _started(self, feed: Feed, head: int, epoch: str) -> None:
        feed.start(epoch, head)
        self._close_later(feed)

    def _close_later(self, feed: Feed) -> None:
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._close, feed)

    def _close(self, feed: Feed) -> None:
        if feed.is_empty and self._feeds.get(feed.room) is feed:
            del self._feeds[feed.room]
            feed.close()

    # --- What is heard ---------------------------------------------------------------

    def _deliver(self, envelope: Envelope) -> None:
        match envelope:
            case RoomChanged(room, epoch, changes):
                if feed := self._feeds.get(room):
                    feed.offer(epoch, changes)
            case ToRoom(room, text):
                if feed := self._feeds.get(room):
                    feed.write_volatile(text)
            case PersonChanged(rooms, text):
                feeds = [self._feeds[room] for room in rooms if room in self._feeds]
                for connection in {c for feed in feeds for c in feed.readers}:
                    connection.write(text, volatile=True)
            case ToEverybody(staff_only, text):
                for connection in self.connections:
                    if connection.user.is_staff or not staff_only:
                        connection.write(text, volatile=True)
            case ToPerson(user, text):
                for connection in self._by_user.get(user, ()):
                    connection.write(text, volatile=True)
            case Opened(user) as opened:
                crowding.heard(opened, self._by_user.get(user, ()))
            case EndSessions(user, session):
                for connection in self._by_user.get(user, ()):
                    if session in (None, connection.session_id):
                        connection.close(CloseCode.SESSION_REVOKED)

    # --- What is looked at again and again -------------------------------------------

    async def _check_sockets(self) -> None:
        loop_time, now = asyncio.get_running_loop().time(), timezone.now()
        for connection in self.connections:
            connection.check(loop_time, now)

    async def _check_sessions(self) -> None:
        """A lost hint must not leave a socket open to who was logged out."""
        asked = {connection.session_id for connection in self.connections}
        still_open = await in_database(tokens.open_sessions, asked)
        for connection in list(self.connections):
            if connection.session_id in asked - still_open:
                connection.close(CloseCode.SESSION_REVOKED)

    async def _check_heads(self) -> None:
        """A lost last event shows nowhere else: nothing comes after it."""
        asked = list(self._feeds)
        heads = await in_database(queries.rooms.heads, asked)
        # What was committed a moment ago is still on its way.
        await asyncio.sleep(1)
        for room, feed in [(r, self._feeds[r]) for r in asked if r in self._feeds]:
            if room in heads:
                feed.check(*heads[room])
            elif room not in self._opening:
                # The room was deleted; who subscribed was told so.
                feed.close()
                del self._feeds[room]

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            logger.warning("%s: %s", work.__name__, type(error).__name__)
        await asyncio.sleep(seconds)


async def _forget_tokens() -> None:
    """Used tickets and refresh tokens are kept only while they could be used again."""
    await in_database(tokens.forget_expired)


_hub: Hub | None = None


def hub() -> Hub:
    """This process's hub; the first socket makes it. Call it on the event loop."""
    global _hub
    if _hub is None:
        _hub = Hub()
    return _hub


async def drain() -> None:
    """What a server does when it is told to stop."""
    if _hub is not None:
        await _hub.drain()
