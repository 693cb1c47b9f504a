"""Cuts the connections of HTTP clients that do not read their answers.

uvicorn waits without limit until a client has read its answer, even when uvicorn has
closed the connection. Meanwhile the answer, its file and the socket stay open.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Any

from . import http_head

# A client that reads nothing for this long is cut off, after twice this time at most.
STALL_SECONDS = 30.0
# The kernel buffers no more than this of what it has not sent. By default it buffers
# some MB, and it would take minutes to see that a slow client has read something.
UNSENT_BYTES = 131_072


class Protocol(http_head.Protocol):
    _look: asyncio.TimerHandle | None = None
    _left = 0
    _has_moved = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
        # Some systems do not have this option, and Unix sockets refuse it.
        if option is not None:
            with suppress(OSError):
                sock = transport.get_extra_info("socket")
                sock.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        self._look_no_more()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        # Sockets have limits of their own (realtime/delivery/connection.py).
        self._look_no_more()
        super().handle_websocket_upgrade()
        # The parser and this protocol hold each other. Nothing needs them any more, and
        # until a full garbage collection, which is rare, they would take 4 KiB.
        del self.parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # Lets backend/downloads.py end the connection without the rest of an answer.
        extensions: dict[str, Any] = {"hubbub.cut": self.transport.abort}
        self.scope["extensions"] = extensions

    def on_response_complete(self) -> None:
        self._has_moved = True
        super().on_response_complete()

    def resume_writing(self) -> None:
        self._has_moved = True
        super().resume_writing()

    def _look_later(self) -> None:
        self._look = self.loop.call_later(STALL_SECONDS, self._look_now)

    def _look_now(self) -> None:
        """Cut the connection if bytes wait and none has left since the last look."""
        left = self.transport.get_write_buffer_size()
        if 0 < self._left <= left and not self._has_moved:
            self.transport.abort()
            return
        self._left, self._has_moved = left, False
        self._look_later()

    def _look_no_more(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None
