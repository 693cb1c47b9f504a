"""The hub's periodic checks: they find what no hint of the channel layer told.

A hint may be lost. So sockets, sessions, readers and room heads are compared again and
again with the clock and the database.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine

from accounts import revocation
from core.bus.listener import Listener
from core.threads import in_database, in_parts

from .connection import Connection
from .feeds import Feeds

logger = logging.getLogger(__name__)

SOCKETS_SECONDS = 1
# Sockets that came together ping together, and their pongs come back together. So each
# second is cut into so many turns, and a message waits behind one of them at most.
SOCKETS_TURNS = 50
HEADS_SECONDS = 10
# While the layer is silent nothing else tells what other processes commit.
HEADS_SILENT_SECONDS = 1
SILENCE_SECONDS = 0.25
NEWCOMERS_SECONDS = 0.5
# One check may fail: a session that was ended is closed within 35 s all the same.
SESSIONS_SECONDS = 15
# A reader whose removal no hint told of reads no longer than this (guarantee G6).
READERS_SECONDS = 15


class Checks:
    """The checks of one hub, on its event loop."""

    def __init__(
        self, connections: Collection[Connection], feeds: Feeds, listener: Listener
    ) -> None:
        self._connections = connections
        self._feeds = feeds
        self._listener = listener
        self._newcomers: list[Connection] = []
        self._was_silent = True
        self._heads_checked_at = 0.0

    def endless(self) -> list[Coroutine[None, None, None]]:
        """All checks, each as a coroutine that never ends."""
        return [
            every(0, self.check_sockets),
            every(SILENCE_SECONDS, self.check_heads),
            every(NEWCOMERS_SECONDS, self.check_newcomers),
            every(SESSIONS_SECONDS, self.check_sessions),
            every(READERS_SECONDS, self._feeds.check_readers),
        ]

    def add_newcomer(self, connection: Connection) -> None:
        """Check the connection's session soon: it may have ended after the token was
        checked and before the hub knew the connection, when no hint could find it."""
        self._newcomers.append(connection)

    async def check_sockets(self) -> None:
        """Each socket once, in the course of a second."""
        loop, connections = asyncio.get_running_loop(), list(self._connections)
        for turn in range(SOCKETS_TURNS):
            for connection in connections[turn::SOCKETS_TURNS]:
                if connection in self._connections:
                    connection.check(loop.time())
            await asyncio.sleep(SOCKETS_SECONDS / SOCKETS_TURNS)

    async def check_newcomers(self) -> None:
        newcomers, self._newcomers = self._newcomers, []
        if newcomers:
            await _close_revoked(newcomers)

    async def check_sessions(self) -> None:
        await _close_revoked(list(self._connections))

    async def check_heads(self) -> None:
        """Every 10 s, every second while the layer is silent, and once after that."""
        now, silent = asyncio.get_running_loop().time(), self._listener.is_silent
        if silent != self._was_silent:
            level = logging.WARNING if silent else logging.INFO
            logger.log(level, "channel layer: %s", "silent" if silent else "heard")
        wait = HEADS_SILENT_SECONDS if silent else HEADS_SECONDS
        is_back = self._was_silent and not silent
        self._was_silent = silent
        if is_back:
            # The end of a session or a ban may be among the hints that were missed.
            await self.check_sessions()
            await self._feeds.check_readers()
        if is_back or now - self._heads_checked_at >= wait:
            self._heads_checked_at = now
            await self._feeds.check_heads(patient=not silent)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Repeat `work` for ever, with a pause after each time. A failure is logged."""
    while True:
        try:
            await work()
        except Exception as error:
            logger.warning("%s: %s", work.__name__, type(error).__name__)
        await asyncio.sleep(seconds)


async def _close_revoked(connections: list[Connection]) -> None:
    for some in in_parts(connections):
        actors = [connection.actor for connection in some]
        revoked = await in_database(revocation.revoked, actors)
        for connection in some:
            if (session := connection.actor.session_id) in revoked:
                connection.revoke(is_disabled=revoked[session])
