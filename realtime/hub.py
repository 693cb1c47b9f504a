"""The process's hub: one channel, all rooms, all sockets of this process.

Sockets never join groups. The hub joins the group `room.<id>` when the first local
socket subscribes and leaves it some seconds after the last. What it hears it gives to
the room's feed; every few seconds it asks the database whether it heard everything.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from django.utils import timezone

from chat import broadcast, queries
from chat.broadcast import EndSessions, Envelope, Publisher, RoomChanged, ToPerson

from .close_codes import CloseCode
from .connection import Connection
from .database import in_database
from .feed import Feed
from .writer import Writer

logger = logging.getLogger(__name__)

CHECK_HEADS_SECONDS = 10
LINGER_SECONDS = 5
LAYER_SECONDS = 2.0
DRAIN_SECONDS = 3.0


class Hub:
    """Owned by one event loop; `hub()` makes it with the first socket."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.writer = Writer()
        self._feeds: dict[str, Feed] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._by_user: dict[str, set[Connection]] = {}
        self._layer = broadcast.channel_layer()
        self._channel = ""
        self._connected = asyncio.Event()
        self._joined: set[str] = set()
        self._grouping = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self.publisher = Publisher(asyncio.get_running_loop(), self._deliver)
        broadcast.attach(self.publisher)
        self._tasks = [
            asyncio.create_task(work)
            for work in (self._listen(), self._check_sockets(), self._check_heads())
        ]

    # --- Sockets ---------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        self.connections.add(connection)
        self._by_user.setdefault(connection.user_id, set()).add(connection)

    def remove(self, connection: Connection) -> None:
        self.connections.discard(connection)
        for feed in list(connection.feeds.values()):
            self.leave(connection, feed.room)
        of_user = self._by_user.get(connection.user_id, set())
        of_user.discard(connection)
        if not of_user:
            self._by_user.pop(connection.user_id, None)

    async def drain(self) -> None:
        """Before the process ends: commit what waits, say bye to everybody."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.writer.flush()
                await self.publisher.flush()
        for connection in list(self.connections):
            connection.close(CloseCode.SHUTTING_DOWN)

    # --- Rooms -----------------------------------------------------------------------

    async def open(self, rooms: Iterable[str]) -> dict[str, Feed]:
        """The feeds of the rooms that exist, ready: from now on nothing is missed."""
        rooms = list(dict.fromkeys(rooms))
        new = [r for r in rooms if r not in self._feeds and r not in self._opening]
        if new:
            task = asyncio.create_task(self._open(new))
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
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._close, feed)

    async def _open(self, rooms: list[str]) -> None:
        """Join the groups first, read the heads then: between the two nothing fits."""
        try:
            for room in rooms:
                await self._join_group(broadcast.group_of(room))
            heads = await in_database(queries.heads, rooms)
            for room, (last, epoch) in heads.items():
                self._feeds[room] = Feed(room, epoch, last)
        finally:
            for room in rooms:
                del self._opening[room]

    def _close(self, feed: Feed) -> None:
        if feed.is_empty and self._feeds.get(feed.room) is feed:
            del self._feeds[feed.room]
            feed.close()
            leaving = asyncio.create_task(self._leave_group(feed.room))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    # --- The channel layer: a hint, so every failure here is survived ----------------

    async def _listen(self) -> None:
        """The one reader. Never cancelled: a cancelled receive loses what it had, and
        the PubSub layer then forgets the channel altogether."""
        while True:
            try:
                if not self._connected.is_set():
                    self._channel = await self._layer.new_channel()
                    self._connected.set()
                    await self._join_group(broadcast.PEOPLE_GROUP)
                message = await self._layer.receive(self._channel)
                envelope = broadcast.open_packet(message["packet"])
                if envelope is not None:
                    self._deliver(envelope)
            except Exception as error:
                logger.warning("channel layer: %s: %s", type(error).__name__, error)
                await asyncio.sleep(1)

    def _deliver(self, envelope: Envelope) -> None:
        match envelope:
            case RoomChanged(room, epoch, changes):
                if feed := self._feeds.get(room):
                    feed.offer(epoch, changes)
            case ToPerson(user, text):
                for connection in list(self._by_user.get(user, ())):
                    connection.write(text)
            case EndSessions(user, session):
                for connection in list(self._by_user.get(user, ())):
                    if session in (None, connection.session_id):
                        connection.close(CloseCode.SESSION_REVOKED)

    async def _join_group(self, group: str) -> None:
        try:
            async with asyncio.timeout(LAYER_SECONDS), self._grouping:
                await self._connected.wait()
                await self._layer.group_add(group, self._channel)
            self._joined.add(group)
        except Exception as error:
            logger.warning("channel layer: %s: %s", type(error).__name__, error)

    async def _leave_group(self, room: str) -> None:
        group = broadcast.group_of(room)
        try:
            async with asyncio.timeout(LAYER_SECONDS), self._grouping:
                # Somebody may have come back while we waited.
                if room in self._feeds or room in self._opening:
                    return
                self._joined.discard(group)
                await self._layer.group_discard(group, self._channel)
        except Exception as error:
            logger.warning("channel layer: %s: %s", type(error).__name__, error)

    # --- What is looked at again and again -------------------------------------------

    async def _check_sockets(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1)
            loop_time, now = loop.time(), timezone.now()
            for connection in list(self.connections):
                connection.check(loop_time, now)

    async def _check_heads(self) -> None:
        """A lost last event shows nowhere else: nothing comes after it."""
        while True:
            await asyncio.sleep(CHECK_HEADS_SECONDS)
            try:
                await self._compare_heads()
            except Exception as error:
                logger.warning("checking heads: %s", type(error).__name__)

    async def _compare_heads(self) -> None:
        heads = await in_database(queries.heads, list(self._feeds))
        # What was committed a moment ago is still on its way.
        await asyncio.sleep(1)
        for room, (head, epoch) in heads.items():
            if feed := self._feeds.get(room):
                feed.check(head, epoch)
                if broadcast.group_of(room) not in self._joined:
                    await self._join_group(broadcast.group_of(room))


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
