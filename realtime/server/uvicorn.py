"""uvicorn as Hubbub runs it: its settings, and a stop that loses nothing.

Imports no models: with several workers each process loads this before Django.
"""

import asyncio
import gc
import socket
from typing import Any, cast

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)
from uvicorn.supervisors import multiprocess
from websockets.http11 import Request

from ..protocol.prepared import TRANSPORT
from .lean import Gate, Inbox
from .stalled_answers import Protocol

MAX_FRAME_BYTES = 65_536
# A process that is told to stop is gone within 10 s: 3 for the drain, 5 for open
# requests.
GRACEFUL_SECONDS = 5
# Between the close frame and the cut: the other side should read it first.
GOODBYE_SECONDS = 0.3
# The other side may read the last frames for so long after the consumer has ended.
ABORT_SECONDS = 1.0
# Frames that may be on their way to us while our close is on its way to the client: as
# many as the limit `frames` allows in a second.
MAX_LATE_FRAMES = 100


class Server(uvicorn.Server):
    """Says `bye` to every socket before uvicorn's own shutdown, which closes 1012."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        from chat import housekeeping

        from ..delivery.hub import hub

        housekeeping.start()
        # Before the first socket, so that `/readyz` says whether it hears the others.
        hub()
        # The garbage collector need not look at the code that is loaded by now, which
        # lives for ever, and need not look at the sockets as often as by default:
        # 15 % more messages a second, p99 205 ms instead of 275 (docs/decisions/0010).
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from core.files.pictures import process

        from ..delivery.hub import drain

        for server in self.servers:
            server.close()
        await drain()
        await asyncio.sleep(GOODBYE_SECONDS)
        await super().shutdown(sockets)
        # Python waits for its threads, and the threads of requests that are still open
        # wait for their picture decoders.
        process.stop()


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, but a socket does not outlive its consumer for long.

    When uvicorn closes, it waits until the other side has read everything. A client
    that reads nothing would keep the socket and its buffered frames for ever, and a
    client that goes on sending would have all its frames read and thrown away.
    """

    _late_frames = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            # The task that gets this scope has not begun yet.
            extensions = cast(dict[str, Any], self.scope["extensions"])
            extensions[TRANSPORT] = self.transport

    def start_keepalive(self) -> None:
        """Called at the end of the handshake: let go of its headers, some 4 KiB.

        Others hold the same two lists as long as the socket stays: websockets' parser
        the request, and the middlewares their copies of the scope.
        """
        super().start_keepalive()
        self.request.headers.clear()
        cast(list[Any], self.scope["headers"]).clear()
        del self.request, self.response

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # It is a generator whose frame holds the object that holds it. Closed, both go
        # without the garbage collector.
        self.conn.parser.close()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self.loop.call_later(ABORT_SECONDS, self.transport.abort)

    def send_receive_event_to_app(self) -> None:
        super().send_receive_event_to_app()
        if self.close_sent:
            self._late_frames += 1
            if self._late_frames == MAX_LATE_FRAMES:
                self.transport.abort()


class Worker(multiprocess.Process):
    """One of several processes; uvicorn starts another when it dies."""

    @property
    def server(self) -> Server:
        if self._server is None:
            self._server = Server(self.config)
        return cast(Server, self._server)


def serve(host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        "backend.asgi:application",
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http=Protocol,
        ws=SocketProtocol,
        ws_max_size=MAX_FRAME_BYTES,
        # Our own pings also measure what was read, and on every server alike.
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        # Would log query strings, and with them tokens.
        access_log=False,
        server_header=False,
        # backend/asgi.py does it, for every server alike.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    if workers == 1:
        Server(config).run()
    else:
        # uvicorn has no other way to say which server its workers run.
        multiprocess.Process = Worker  # type: ignore[misc]
        multiprocess.Multiprocess(config, sockets=[config.bind_socket()]).run()
