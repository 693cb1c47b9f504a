"""The process's hub: its sockets, and what it hears for them.

Sockets never join groups: the hub hears for all of them. What it hears of a room it
gives to the room's feed; what else it hears goes to the connections it is meant for.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context

from accounts import revocation
from accounts.actor import has_account
from chat import followers
from chat.presence import RENEW_SECONDS
from core import metrics
from core.bus import publisher
from core.bus.envelopes import (
    EndSessions,
    Envelope,
    GuestOut,
    Opened,
    Packet,
    PersonChanged,
    RoomChanged,
    RoomGone,
    ToEverybody,
    ToPerson,
    ToRoom,
)
from core.bus.listener import PROBE_SECONDS, Listener
from core.bus.publisher import Publisher
from core.threads import in_database

from ..protocol.close_codes import CloseCode
from ..writer import Writer
from . import connection_limit, presence_reporter
from .connection import Connection
from .feeds import Feeds
from .presence_reporter import Attendance
from .typists import Typing

logger = logging.getLogger(__name__)

CHECK_SOCKETS_SECONDS = 1
CHECK_HEADS_SECONDS = 10
# While the layer is silent nothing else tells of what other processes commit.
CHECK_HEADS_SILENT_SECONDS = 1
IS_SILENT_SECONDS = 0.25
CHECK_NEWCOMERS_SECONDS = 0.5
# Once may fail: who was logged out is off within 35 s all the same.
CHECK_SESSIONS_SECONDS = 15
# A reader whose removal no hint told of reads no longer than this (guarantee G6).
CHECK_READERS_SECONDS = 15
DRAIN_SECONDS = 3.0


class Hub:
    """Owned by one event loop. `hub()` makes it, at the latest for the first socket."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self._newcomers: list[Connection] = []
        self.writer = Writer()
        self.typing = Typing()
        self._attendance = Attendance(lambda user_id: user_id in self._by_user)
        self.publisher = Publisher(asyncio.get_running_loop(), self._deliver)
        self._by_user: dict[str, set[Connection]] = {}
        self.feeds = Feeds()
        self.listener = Listener(self._deliver)
        self._was_silent = True
        self._heads_checked_at = 0.0
        metrics.connections.set_function(lambda: len(self.connections))
        metrics.layer_silent.set_function(lambda: self.listener.silent_seconds)
        publisher.attach(self.publisher)
        works = (
            self.listener.listen(),
            _every(PROBE_SECONDS, publisher.send_probe),
            _every(0, metrics.watch_loop),
            _every(CHECK_SOCKETS_SECONDS, self._check_sockets),
            _every(IS_SILENT_SECONDS, self._check_heads_in_time),
            _every(CHECK_NEWCOMERS_SECONDS, self._check_newcomers),
            _every(CHECK_SESSIONS_SECONDS, self._check_sessions),
            _every(CHECK_READERS_SECONDS, self.feeds.check_readers),
            _every(RENEW_SECONDS, self._attendance.renew),
        )
        # Kept, or the collector would end them. Asked for by nobody's address, though
        # somebody's socket made the hub.
        self._tasks = [asyncio.create_task(work, context=Context()) for work in works]

    # --- Sockets ---------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        self.connections.add(connection)
        self._newcomers.append(connection)
        self._by_user.setdefault(connection.user_id, set()).add(connection)
        self._attendance.came(connection.user_id)
        connection_limit.came(self._by_user[connection.user_id])

    def remove(self, connection: Connection) -> None:
        self.typing.forget(connection)
        self.connections.discard(connection)
        for room in list(connection.rooms):
            self.feeds.leave(connection, room)
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
                await presence_reporter.end()
                await self.publisher.flush()
        for connection in list(self.connections):
            connection.close(CloseCode.SHUTTING_DOWN)

    # --- What is heard ---------------------------------------------------------------

    def _deliver(self, packet: Packet) -> None:
        source = "here" if packet.is_own else "elsewhere"
        # Another process's clock may be ahead of ours.
        took = max(0.0, time.time() - packet.committed_at)
        for envelope in packet.envelopes:
            self._dispatch(envelope)
            if isinstance(envelope, RoomChanged):
                metrics.commit_to_frame.labels(source).observe(took)

    def _dispatch(self, envelope: Envelope) -> None:
        match envelope:
            case RoomChanged(room, epoch, changes):
                followers.wake(room)
                if feed := self.feeds.get(room):
                    feed.offer(epoch, changes)
            case ToRoom(room, text, but_not):
                if feed := self.feeds.get(room):
                    feed.readers.send_volatile(text, but_not)
            case PersonChanged(rooms, text, user):
                feeds = self.feeds.among(rooms)
                readers = {c for feed in feeds for c in feed.readers.all}
                for connection in readers | self._by_user.get(user or "", set()):
                    if has_account(connection.actor):
                        connection.write(text, volatile=True)
            case ToEverybody(of, but_not, text):
                for connection in self.connections:
                    if connection.user_id in but_not:
                        continue
                    if connection.user.standing in of:
                        connection.write(text, volatile=True)
            case ToPerson(user, text):
                for connection in self._by_user.get(user, ()):
                    connection.write(text, volatile=True)
            case Opened(user) as opened:
                connection_limit.heard(opened, self._by_user.get(user, ()))
            case RoomGone(room):
                self.feeds.gone(room)
            case GuestOut(room, user):
                for connection in self._by_user.get(user, ()):
                    if connection.user.is_guest:
                        self.feeds.leave(connection, room)
            case EndSessions():
                self._end_sessions(envelope)

    def _end_sessions(self, ended: EndSessions) -> None:
        for connection in self._by_user.get(ended.user, ()):
            if ended.session is None:
                is_meant = connection.user.token_version < ended.version
            else:
                is_meant = connection.session_id == ended.session
            if is_meant:
                connection.revoke(is_disabled=ended.is_disabled)

    # --- What is looked at again and again -------------------------------------------

    async def _check_sockets(self) -> None:
        loop_time = asyncio.get_running_loop().time()
        for connection in self.connections:
            connection.check(loop_time)

    async def _check_sessions(self) -> None:
        """A lost hint must not leave a socket open to who was logged out."""
        await _close_revoked(list(self.connections))

    async def _check_newcomers(self) -> None:
        """Logged out between the check of the token and `add`: no hint found it."""
        newcomers, self._newcomers = self._newcomers, []
        if newcomers:
            await _close_revoked(newcomers)

    async def _check_heads_in_time(self) -> None:
        """Every 10 s, every second while the layer is silent, and once after that."""
        now, silent = asyncio.get_running_loop().time(), self.listener.is_silent
        if silent != self._was_silent:
            level = logging.WARNING if silent else logging.INFO
            logger.log(level, "channel layer: %s", "silent" if silent else "heard")
        wait = CHECK_HEADS_SILENT_SECONDS if silent else CHECK_HEADS_SECONDS
        is_back = self._was_silent and not silent
        self._was_silent = silent
        if is_back:
            # Among what was missed may have been the end of a session or a ban.
            await self._check_sessions()
            await self.feeds.check_readers()
        if is_back or now - self._heads_checked_at >= wait:
            self._heads_checked_at = now
            await self.feeds.check_heads(patient=not silent)


async def _close_revoked(connections: list[Connection]) -> None:
    actors = [connection.actor for connection in connections]
    revoked = await in_database(revocation.revoked, actors)
    for connection in connections:
        if (session := connection.actor.session_id) in revoked:
            connection.revoke(is_disabled=revoked[session])


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            logger.warning("%s: %s", work.__name__, type(error).__name__)
        await asyncio.sleep(seconds)


_hub: Hub | None = None


def hub() -> Hub:
    """This process's hub; the first who asks makes it. Call it on the event loop."""
    global _hub
    if _hub is None:
        _hub = Hub()
    return _hub


def is_deaf() -> bool:
    """Whether this process has sockets and hears nothing of the others. Any thread."""
    return _hub is not None and _hub.listener.is_silent


async def drain() -> None:
    """What a server does when it is told to stop."""
    stopping = asyncio.to_thread(followers.stop)
    await asyncio.gather(stopping, *([] if _hub is None else [_hub.drain()]))
