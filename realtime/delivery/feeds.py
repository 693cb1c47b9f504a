"""The feeds of this process: one for each room that somebody here reads.

A room has a feed from its first local socket until some seconds after the last one.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from accounts.actor import Actor
from chat import queries
from chat.events import RoomDeleted
from chat.queries.catching_up import Answers, Resume, Returner
from core.threads import in_database

from ..grouping import Grouped
from ..protocol.frames import prepared
from .connection import Connection
from .feed import Feed
from .readers import confirm

HINT_SECONDS = 0.5
LINGER_SECONDS = 5


Heads = dict[str, tuple[int, str]]


class Feeds:
    """By id of the room. Owned by the event loop, as each feed is."""

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._heads = Grouped("heads", _heads_for_all)
        self._catching_up = Grouped[Returner, Answers](
            "catch_up", queries.catching_up.catch_up
        )
        # A reference to each task, without which it could be garbage-collected.
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, room: str) -> Feed | None:
        return self._feeds.get(room)

    def among(self, rooms: Iterable[str]) -> Iterator[Feed]:
        """The feeds of those rooms that have one."""
        return (self._feeds[room] for room in rooms if room in self._feeds)

    async def open(self, rooms: Iterable[str]) -> dict[str, Feed]:
        """The feeds of those rooms that exist. A feed misses nothing from now on."""
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
            # Not `gather`: a caller that is cancelled would cancel the others' tasks.
            await asyncio.wait(opening)
        for task in opening:
            task.result()
        return {room: self._feeds[room] for room in rooms if room in self._feeds}

    async def _open(self, feeds: dict[str, Feed]) -> None:
        """Read the heads of new feeds. Each holds what is committed meanwhile."""
        heads: Heads = {}
        try:
            heads = await self._heads.ask(list(feeds))
        finally:
            for room, feed in feeds.items():
                # The room was deleted meanwhile, and perhaps opened again since.
                if self._feeds.get(room) is not feed:
                    continue
                del self._opening[room]
                if room in heads:
                    head_seq, epoch = heads[room]
                    feed.start(epoch, head_seq)
                    self._close_later(feed)
                else:
                    del self._feeds[room]

    async def catch_up(self, actor: Actor, resumes: Sequence[Resume]) -> Answers:
        """What a reader of these rooms missed; read with what others ask meanwhile."""
        return await self._catching_up.ask((actor, resumes))

    def leave(self, connection: Connection, room: str) -> None:
        feed = self._feeds.get(room)
        if feed is None:
            return
        feed.readers.leave(connection)
        if feed.readers.is_empty:
            self._close_later(feed)

    def drop(self, room: str) -> None:
        """Close the feed of a room that was deleted, and unsubscribe its readers."""
        self._opening.pop(room, None)
        if feed := self._feeds.pop(room, None):
            feed.close()

    def _close_later(self, feed: Feed) -> None:
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._close, feed)

    def _close(self, feed: Feed) -> None:
        if feed.readers.is_empty and self._feeds.get(feed.room) is feed:
            del self._feeds[feed.room]
            feed.close()

    # --- Comparing with the database -------------------------------------------------

    async def check_heads(self, *, patient: bool) -> None:
        """Compare every feed with the head of its room, to find lost last events.

        A lost event before the last one leaves a gap, which the feed sees by itself.
        When `patient`, events that were committed a moment ago get some time to arrive.
        """
        asked = list(self._feeds)
        heads = await in_database(queries.rooms.heads, asked)
        if patient:
            # Not for long, since the layer may fall silent meanwhile.
            await asyncio.sleep(HINT_SECONDS)
        for room, feed in [(r, self._feeds[r]) for r in asked if r in self._feeds]:
            if room in heads:
                feed.check(*heads[room])
            elif room not in self._opening:
                # It was deleted, and the hint was lost: no reader has heard of it.
                for connection in feed.readers.all:
                    connection.write(prepared(RoomDeleted(room)), volatile=True)
                self.drop(room)

    async def check_readers(self) -> None:
        """Expel the readers who may not read any more, whatever hint was lost."""
        feeds = list(self._feeds.values())
        await confirm(feed.readers for feed in feeds)
        for feed in feeds:
            if feed.readers.is_empty:
                self._close_later(feed)


def _heads_for_all(asked: list[list[str]]) -> list[Heads]:
    """The heads of the rooms of many subscriptions: each finds its own among all."""
    heads = queries.rooms.heads({room for rooms in asked for room in rooms})
    return [heads] * len(asked)
