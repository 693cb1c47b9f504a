"""One socket as the hub sees it: writing never waits and never raises.

What was written and not yet confirmed by a `pong` counts as unread, on every server:
daphne never says that its buffer is full: https://github.com/django/daphne/issues/170.
A socket with too much unread loses volatile events first, is then closed, and resumes.
"""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any, cast

from accounts.models import User
from accounts.tokens import Identity
from chat.events import encode
from chat.payloads.system_events import GUESTS
from core import metrics

from ..protocol import frames
from ..protocol.close_codes import CloseCode
from .token_grace import Lease

logger = logging.getLogger(__name__)

Send = Callable[[Any], Awaitable[None]]

MAX_UNREAD = 1024 * 1024
MAX_UNREAD_FOR_VOLATILE = MAX_UNREAD // 4
PING_AFTER = 64 * 1024
PONG_SECONDS = 10
# How long the other side may take to answer our close before it is cut off.
CLOSE_SECONDS = 2
_NOT_READING = {CloseCode.SLOW_CONSUMER, CloseCode.PING_TIMEOUT}


class Connection:
    """Owned by the event loop: no method here may be called from another thread.

    `cut` ends the socket's task without waiting for the other side.
    """

    # Ten thousand idle ones should fit in the memory of a small machine.
    __slots__ = (
        "_confirmed",
        "_cut",
        "_draining",
        "_loop",
        "_pinged_at",
        "_pinged_at_written",
        "_pings",
        "_queue",
        "_queued",
        "_send",
        "_unanswered",
        "_written",
        "actor",
        "closed_with",
        "id",
        "lease",
        "names",
        "opened_at",
        "rooms",
        "session_id",
        "user_id",
    )

    def __init__(
        self, identity: Identity, send: Send, cut: Callable[[], object]
    ) -> None:
        self.id = secrets.token_hex(8)
        self.actor = identity.actor
        self.user_id = str(identity.actor.id)
        # What a room's change may call this reader when it takes readers out.
        own, guest = (self.user_id,), (self.user_id, GUESTS)
        self.names = guest if self.user.is_guest else own
        self.session_id = str(identity.actor.session_id)
        self.lease = Lease(identity.expires_at)
        # Wall-clock time: it is compared with that of other processes.
        self.opened_at = time.time()
        # Of each room that it reads, the number of its subscription.
        self.rooms: dict[str, int] = {}
        self.closed_with: CloseCode | None = None
        self._send = send
        self._cut = cut
        self._loop = asyncio.get_running_loop()
        # What waits for the transport, while `_draining` waits for it too.
        self._queue: deque[dict[str, Any]] | None = None
        # Its characters. Counted apart from what a pong confirms: who sends pongs
        # without reading must not make us keep everything.
        self._queued = 0
        self._draining: asyncio.Task[None] | None = None
        # In characters, not bytes: counting is on the path of every delivery.
        self._written = 0
        self._confirmed = 0
        self._pings = 0
        self._pinged_at = self._loop.time()
        self._pinged_at_written = 0
        # Of each ping not yet answered: its number, when, and what was written by then.
        self._unanswered: list[tuple[int, float, int]] = []

    @property
    def user(self) -> User:
        return self.actor.user

    @property
    def ids(self) -> dict[str, str]:
        """For the log: which socket, whose, of which session."""
        return {
            "connection": self.id,
            "user": self.user_id,
            "session": self.session_id,
        }

    def write(self, text: str, *, volatile: bool = False, always: bool = False) -> None:
        """Send a frame, now if the transport takes it, else when it does.

        When the token has ended, only if it is `always` to be sent.
        """
        if self.closed_with is not None:
            return
        if not always and time.time() >= self.lease.ends:
            if not volatile:
                self._keep(text)
            return
        unread = max(self._written - self._confirmed, self._queued)
        if unread > MAX_UNREAD_FOR_VOLATILE:
            if unread > MAX_UNREAD:
                self.close(CloseCode.SLOW_CONSUMER)
                return
            if volatile:
                metrics.volatile_dropped.inc()
                return
        self._written += len(text)
        self._put({"type": "websocket.send", "text": text})
        if self._written - self._pinged_at_written > PING_AFTER:
            self.ping()

    def ping(self) -> None:
        self._pings += 1
        self._pinged_at = self._loop.time()
        self._pinged_at_written = self._written
        self._unanswered.append((self._pings, self._pinged_at, self._written))
        ping = encode(frames.Ping(self._pings))
        self._put({"type": "websocket.send", "text": ping})

    def pong(self, n: int) -> None:
        """Everything up to ping `n` was read; a number never sent is ignored."""
        if n > self._pings:
            return
        while self._unanswered and self._unanswered[0][0] <= n:
            _, _, self._confirmed = self._unanswered.pop(0)

    def remind(self) -> None:
        """Say that the token ends soon, when it does."""
        if self.lease.remind():
            expiring = frames.TokenExpiring(self.lease.expires_at)
            self.write(encode(expiring), always=True)

    def check(self, loop_time: float) -> None:
        """Called every second: ping when it is time, close who is gone or expired."""
        self.remind()
        if self.lease.is_over():
            self.close(CloseCode.TOKEN_EXPIRED)
        elif self._unanswered and loop_time - self._unanswered[0][1] > PONG_SECONDS:
            self.close(CloseCode.PING_TIMEOUT)
        elif loop_time - self._pinged_at > frames.HEARTBEAT_SECONDS:
            self.ping()

    def close(self, code: CloseCode, *, retry_after: float | None = None) -> None:
        """Say `bye` and close; a socket that does not answer is cut off."""
        if self.closed_with is not None:
            return
        self.closed_with = code
        is_stuck = self._queue is not None and code in _NOT_READING
        if self._queue is not None and is_stuck:
            self._queue.clear()
        self._put({"type": "websocket.send", "text": frames.bye(code, retry_after)})
        self._put({"type": "websocket.close", "code": int(code)})
        # Who does not read will not read this either.
        self._loop.call_later(0 if is_stuck else CLOSE_SECONDS, self._cut)

    def revoke(self, *, is_disabled: bool) -> None:
        """Its session is ended, or its person may not be here at all."""
        self.close(
            CloseCode.ACCOUNT_DISABLED if is_disabled else CloseCode.SESSION_REVOKED
        )

    def abandon(self) -> None:
        """The socket is gone: nothing more is written."""
        self.closed_with = self.closed_with or CloseCode.INTERNAL
        self._queue = None
        if self._draining is not None:
            self._draining.cancel()

    def _keep(self, text: str) -> None:
        """Until a new token comes; who has missed too much then resumes instead."""
        unread = self._written - self._confirmed
        if self.lease.keep(text) + unread > MAX_UNREAD:
            self.close(CloseCode.TOKEN_EXPIRED)

    def _put(self, message: dict[str, Any]) -> None:
        if self._queue is not None:
            self._queue.append(message)
            self._queued += len(message.get("text", ""))
            return
        # Mostly the server takes a frame without waiting, and a task for each delivery
        # would cost more than the delivery. So the coroutine's first step runs here.
        sending = cast(Generator[Any, None, None], self._send(message).__await__())
        try:
            waited_for = next(sending)
        except StopIteration:
            return
        except Exception as error:
            self._lost(error)
            return
        self._queue = deque()
        self._draining = self._loop.create_task(self._drain(_Rest(sending, waited_for)))

    async def _drain(self, rest: "_Rest") -> None:
        failed: Exception | None = None
        try:
            await rest
            while self._queue:
                message = self._queue.popleft()
                self._queued -= len(message.get("text", ""))
                await self._send(message)
        except Exception as error:
            failed = error
        finally:
            self._queue = self._draining = None
            self._queued = 0
        # Only now: its `bye` may have to wait, too, in a queue of its own.
        if failed is not None:
            self._lost(failed)

    def _lost(self, error: Exception) -> None:
        """A frame was not sent: whoever waits for it must be closed to come back.

        Servers raise here what they like: uvicorn an OSError when the socket is broken,
        daphne nothing then, but an error of autobahn's for a message over 1 MiB.
        """
        logger.debug("connection %s: %s", self.id, type(error).__name__)
        self.close(CloseCode.INTERNAL)


class _Rest:
    """A coroutine whose first step was taken by hand; awaiting it does the others."""

    def __init__(self, steps: Generator[Any, None, None], waited_for: Any) -> None:
        self._steps = steps
        self._waited_for = waited_for

    def __await__(self) -> Generator[Any, None, None]:
        # The future was yielded to us; a task must see it yielded to itself.
        yield self._waited_for
        yield from self._steps
