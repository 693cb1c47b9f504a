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
        _keep_little_unsent(transport.get_extra_info("socket"))
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        self._look_no_more()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        # Sockets have their own limits (connection.py).
        self._look_no_more()
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # Ends the connection without the rest of an answer (backend/downloads.py).
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
        """What waits now has waited since the last look, unless some of it has left."""
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


def _keep_little_unsent(sock: Any) -> None:
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    # A Unix socket has no such option, and some systems have not.
    if option is not None:
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)
