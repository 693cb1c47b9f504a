"""The rooms that somebody here reads: a feed for each, from its first reader on.

A room has a feed from its first local socket until some seconds after the last. Whether
it heard everything is asked of the database, again and again.
"""

import asyncio
from collections.abc import Iterable, Iterator

from chat import queries
from chat.events import RoomDeleted, encode
from core.threads import in_database

from .connection import Connection
from .feed import Feed
from .readers import confirm

HINT_SECONDS = 0.5
LINGER_SECONDS = 5


class Feeds:
    """By id of the room. Owned by the event loop, as each of them is."""

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}
        # Kept, or the collector would end them.
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, room: str) -> Feed | None:
        return self._feeds.get(room)

    def among(self, rooms: Iterable[str]) -> Iterator[Feed]:
        """The feeds of those rooms that have one."""
        return (self._feeds[room] for room in rooms if room in self._feeds)

    async def open(self, rooms: Iterable[str]) -> dict[str, Feed]:
        """The feeds of the rooms that exist, ready: from now on nothing is missed."""
        rooms = list(dict.fromkeys(rooms))
        new = [room for room in rooms if room not in self._feeds]
        if new:
            feeds = {room: Feed(room) for room in new}
            self._feeds.update(feeds)
            task = asyncio.create_task(self._open(feeds))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
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
        feed.readers.leave(connection)
        if feed.readers.is_empty:
            self._close_later(feed)

    def gone(self, room: str) -> None:
        """The room was deleted: nobody reads it any more."""
        self._opening.pop(room, None)
        if feed := self._feeds.pop(room, None):
            feed.close()

    async def check_heads(self, *, patient: bool) -> None:
        """A lost last event shows nowhere else: nothing comes after it."""
        asked = list(self._feeds)
        heads = await in_database(queries.rooms.heads, asked)
        if patient:
            # What was committed a moment ago is still on its way. Silence may begin
            # meanwhile, so not for long.
            await asyncio.sleep(HINT_SECONDS)
        for room, feed in [(r, self._feeds[r]) for r in asked if r in self._feeds]:
            if room in heads:
                feed.check(*heads[room])
            elif room not in self._opening:
                # Deleted, and the hint was lost: nobody who reads it was told.
                for connection in feed.readers.all:
                    connection.write(encode(RoomDeleted(room)), volatile=True)
                self.gone(room)

    async def check_readers(self) -> None:
        """Whether everybody may still read, whatever hint of a removal was lost."""
        feeds = list(self._feeds.values())
        await confirm(feed.readers for feed in feeds)
        for feed in feeds:
            if feed.readers.is_empty:
                # Its last reader was removed, or not allowed to read any more.
                self._close_later(feed)

    async def _open(self, feeds: dict[str, Feed]) -> None:
        """Feeds first, then heads: what is committed in between is kept by the feed."""
        heads: dict[str, tuple[int, str]] = {}
        try:
            heads = await in_database(queries.rooms.heads, list(feeds))
        finally:
            for room, feed in feeds.items():
                # Gone meanwhile, and perhaps asked for again since.
                if self._feeds.get(room) is not feed:
                    continue
                del self._opening[room]
                if room in heads:
                    self._started(feed, *heads[room])
                else:
                    del self._feeds[room]

    def _started(self, feed: Feed, head: int, epoch: str) -> None:
        feed.start(epoch, head)
        self._close_later(feed)

    def _close_later(self, feed: Feed) -> None:
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._close, feed)

    def _close(self, feed: Feed) -> None:
        if feed.readers.is_empty and self._feeds.get(feed.room) is feed:
            del self._feeds[feed.room]
            feed.close()
