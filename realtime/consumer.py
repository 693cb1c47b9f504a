"""One socket, from accept to close: frames come in, commands go to their handlers.

No exception leaves here: a client's mistake becomes an error frame, ours becomes
`internal`. The read loop never waits for a command, so a `pong` is heard while the
database works.
"""

import asyncio
import time
from typing import Any, cast

from channels.consumer import AsyncConsumer

from accounts.tokens import Identity
from chat.payloads.people import user_payload
from core import limits, metrics
from core.audit import Event, record, record_refusal
from core.errors import BadFrame, RateLimited, Refusal, Unauthorized

from .delivery.connection import Connection
from .delivery.hub import hub
from .handlers import handle
from .handshake.token import SUBPROTOCOL
from .protocol import frames
from .protocol.close_codes import CloseCode
from .protocol.commands import Asking, Pong, TypingStart, TypingStop, type_of
from .protocol.decoder import BadCommand, decode
from .protocol.prepared import TRANSPORT

MAX_WAITING = 32
# More bad frames than this, within this time, are no accident.
MAX_BAD_FRAMES = 20
BAD_FRAMES_SECONDS = 60


class ChatConsumer(AsyncConsumer):
    """Has no channel layer of its own: the hub listens for all of the sockets."""

    connection: Connection

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Not Channels' own loop: it makes a task and a thread hop for each frame
        # (https://github.com/django/channels/pull/2090).
        await receive()
        offered = SUBPROTOCOL in scope["subprotocols"]
        subprotocol = SUBPROTOCOL if offered else None
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        identity = scope["identity"]
        if isinstance(identity, Refusal):
            # Accepted first: a browser cannot read why a handshake was refused.
            await _turn_away(send, identity)
            return
        transport = scope.get("extensions", {}).get(TRANSPORT)
        await self._serve(identity, receive, send, transport)

    async def _serve(
        self,
        identity: Identity,
        receive: Any,
        send: Any,
        transport: asyncio.Transport | None,
    ) -> None:
        """From `hello` until the socket is closed, by whichever side."""
        task = cast(asyncio.Task[None], asyncio.current_task())
        self.connection = Connection(identity, send, task.cancel, transport)
        # At most MAX_WAITING. An empty deque would take 760 bytes.
        self.waiting: list[Asking] = []
        self.working: asyncio.Task[None] | None = None
        self.bad_frames = 0
        self.bad_since = 0.0
        hub().add(self.connection)
        record(Event.SOCKET_OPENED, **self.connection.ids)
        try:
            self._greet()
            await self._read(receive)
        except asyncio.CancelledError:
            # Either our own cut, or daphne told to stop, which sends no close itself.
            if self.connection.closed_with is None:
                self.connection.close(CloseCode.SHUTTING_DOWN)
                await asyncio.sleep(0.1)
                raise
        finally:
            self._leave()

    def _greet(self) -> None:
        # Not in `_serve`, whose variables would keep the frame as long as the socket.
        user = user_payload(self.connection.actor.user)
        expires_at = self.connection.grace.expires_at
        hello = frames.hello(self.connection.id, user, expires_at)
        self.connection.write(hello, always=True)
        self.connection.remind()

    def _leave(self) -> None:
        """Not Channels' `disconnect`, which does not run after an exception."""
        code = self.connection.closed_with
        if self.working is not None:
            # Nobody waits for its reply. A message in the writer is stored anyway.
            self.working.cancel()
        self.connection.abandon()
        hub().remove(self.connection)
        metrics.closes.labels("client" if code is None else str(code.value)).inc()
        reason = "client" if code is None else code.reason
        record(Event.SOCKET_CLOSED, **self.connection.ids, reason=reason)

    async def _read(self, receive: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            try:
                self._received(message.get("text"))
            except Refusal as refusal:
                self._refuse(None, refusal)
            except BadCommand as bad:
                self._refuse(bad.ref, bad.refusal)
            if len(self.waiting) >= MAX_WAITING:
                # A client that asks faster than it is answered lets others go first.
                await asyncio.sleep(0)

    def _received(self, text: str | None) -> None:
        try:
            limits.frames.take(self.connection.id)
        except RateLimited as refusal:
            wait = refusal.retry_after
            self.connection.close(CloseCode.RATE_LIMITED, retry_after=wait)
            return
        if text is None:
            raise BadFrame
        command = decode(text)
        if isinstance(command, Pong):
            self.connection.pong(command.n)
        elif isinstance(command, TypingStart):
            hub().typists.start(self.connection, command.room)
        elif isinstance(command, TypingStop):
            hub().typists.stop(self.connection, command.room)
        else:
            self._enqueue(command)

    def _enqueue(self, command: Asking) -> None:
        """Run one command at a time, in order; the task ends when none waits."""
        if len(self.waiting) >= MAX_WAITING:
            refusal = RateLimited("Too many commands wait already.", retry_after=1)
            metrics.commands.labels(type_of(command), refusal.code).inc()
            self.connection.write(frames.error(command.ref, refusal), always=True)
            return
        self.waiting.append(command)
        if self.working is None:
            self.connection.is_asking = True
            self.working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self.waiting and self.connection.closed_with is None:
                await handle(self.connection, self.waiting.pop(0))
        finally:
            self.connection.is_asking = False
            self.working = None

    def _refuse(self, ref: int | None, refusal: Refusal) -> None:
        """Answer a frame that is no command, and close a socket that sends many."""
        metrics.commands.labels("none", refusal.code).inc()
        self.connection.write(frames.error(ref, refusal), always=True)
        now = time.monotonic()
        if now - self.bad_since > BAD_FRAMES_SECONDS:
            self.bad_frames, self.bad_since = 0, now
        self.bad_frames += 1
        if self.bad_frames > MAX_BAD_FRAMES:
            self.connection.close(CloseCode.BAD_FRAMES)


async def _turn_away(send: Any, refusal: Refusal) -> None:
    match refusal:
        case Unauthorized():
            code = CloseCode.UNAUTHORIZED
        case RateLimited():
            code = CloseCode.RATE_LIMITED
        case _:
            code = CloseCode.INTERNAL
    metrics.closes.labels(str(code.value)).inc()
    record_refusal(Event.SOCKET_REFUSED, reason=code.reason)
    bye = frames.bye(code, refusal.retry_after)
    await send({"type": "websocket.send", "text": bye.text})
    await send({"type": "websocket.close", "code": int(code)})
