"""The process's hub: its sockets, and the dispatch of packets to them.

Sockets never join groups of the channel layer: the hub listens for all of them. It
hands a room's changes to the room's feed, and other events to the connections of those
who may get them.
"""

import asyncio
import time
from contextlib import suppress
from contextvars import Context

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

from ..protocol.close_codes import CloseCode
from ..protocol.prepared import PreparedFrame
from ..writer import Writer
from . import connection_limit, presence_reporter
from .checks import Checks, every
from .connection import Connection
from .feeds import Feeds
from .presence_reporter import PresenceReporter
from .typists import Typists

DRAIN_SECONDS = 3.0


class Hub:
    """Owned by one event loop. `hub()` makes it, at the latest for the first socket."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self._by_user: dict[str, set[Connection]] = {}
        self._is_draining = False
        self.writer = Writer()
        self.typists = Typists()
        self.feeds = Feeds()
        self.publisher = Publisher(asyncio.get_running_loop(), self._deliver)
        self.listener = Listener(self._deliver)
        self._presence = PresenceReporter(lambda user_id: user_id in self._by_user)
        self._checks = Checks(self.connections, self.feeds, self.listener)
        metrics.connections.set_function(lambda: len(self.connections))
        metrics.layer_silent.set_function(lambda: self.listener.silent_seconds)
        publisher.attach(self.publisher)
        endless = (
            self.listener.listen(),
            every(PROBE_SECONDS, publisher.send_probe),
            every(0, metrics.watch_loop),
            every(RENEW_SECONDS, self._presence.renew),
            *self._checks.endless(),
        )
        # A reference to each task, without which it could be garbage-collected. They
        # run in an empty context: otherwise these tasks would log the address of the
        # socket that happened to create the hub.
        self._tasks = [asyncio.create_task(work, context=Context()) for work in endless]

    # --- Sockets ---------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        self.connections.add(connection)
        self._checks.add_newcomer(connection)
        self._by_user.setdefault(connection.user_id, set()).add(connection)
        self._presence.came(connection.user_id)
        connection_limit.opened_here(self._by_user[connection.user_id])
        if self._is_draining:
            # Its handshake had begun before the process was told to stop.
            connection.close(CloseCode.SHUTTING_DOWN)

    def remove(self, connection: Connection) -> None:
        self.typists.forget(connection)
        self.connections.discard(connection)
        for room in list(connection.rooms):
            self.feeds.leave(connection, room)
        of_user = self._by_user.get(connection.user_id, set())
        of_user.discard(connection)
        if not of_user:
            self._by_user.pop(connection.user_id, None)
            self._presence.went(connection.user_id)

    async def drain(self) -> None:
        """Before the process ends: commit the waiting messages, say bye to all."""
        self._is_draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.writer.flush()
                await presence_reporter.end()
                await self.publisher.flush()
        for connection in list(self.connections):
            connection.close(CloseCode.SHUTTING_DOWN)

    # --- Packets ---------------------------------------------------------------------

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
                    feed.readers.send_volatile(_prepared(text), but_not)
            case PersonChanged(rooms, text, user):
                feeds = self.feeds.among(rooms)
                readers = {c for feed in feeds for c in feed.readers.all}
                frame = _prepared(text)
                for connection in readers | self._by_user.get(user or "", set()):
                    if has_account(connection.actor):
                        connection.write(frame, volatile=True)
            case ToEverybody(audiences, but_not, text):
                frame = _prepared(text)
                for connection in self.connections:
                    if connection.user_id in but_not:
                        continue
                    if connection.actor.user.audience in audiences:
                        connection.write(frame, volatile=True)
            case ToPerson(user, text):
                frame = _prepared(text)
                for connection in self._by_user.get(user, ()):
                    connection.write(frame, volatile=True)
            case Opened(user) as opened:
                own = self._by_user.get(user, ())
                connection_limit.opened_elsewhere(opened, own)
            case RoomGone(room):
                self.feeds.drop(room)
            case GuestOut(room, user):
                for connection in self._by_user.get(user, ()):
                    if not has_account(connection.actor):
                        self.feeds.leave(connection, room)
            case EndSessions(user, session, version, is_disabled):
                for connection in self._by_user.get(user, ()):
                    is_old = connection.actor.user.token_version < version
                    if connection.session_id == session or (not session and is_old):
                        connection.revoke(is_disabled=is_disabled)


def _prepared(text: str) -> PreparedFrame:
    return PreparedFrame(text.encode())


_hub: Hub | None = None


def hub() -> Hub:
    """This process's hub; the first call makes it. Call it on the event loop."""
    global _hub
    if _hub is None:
        _hub = Hub()
    return _hub


def is_deaf() -> bool:
    """Whether this process has sockets and hears nothing of the others. Any thread."""
    return _hub is not None and _hub.listener.is_silent


async def drain() -> None:
    """Called by the server when it is told to stop."""
    stopping = asyncio.to_thread(followers.stop)
    await asyncio.gather(stopping, *([] if _hub is None else [_hub.drain()]))
