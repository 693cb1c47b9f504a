"""One socket as the hub sees it: writing never waits and never raises.

Frames that were written and not confirmed by a `pong` count as unread, on every server:
daphne never says that its buffer is full (https://github.com/django/daphne/issues/170).
A socket with too much unread first loses volatile events and is then closed; its client
comes back and resumes.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from accounts.tokens import Identity
from chat.payloads.system_events import GUESTS
from core import metrics

from ..protocol import frames
from ..protocol.close_codes import CloseCode
from ..protocol.prepared import PreparedFrame
from .outbox import Outbox, Send
from .token_grace import TokenGrace

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=msgspec.Struct)

MAX_UNREAD = 1024 * 1024
MAX_UNREAD_FOR_VOLATILE = MAX_UNREAD // 4
PING_AFTER = 64 * 1024
PONG_SECONDS = 10
# The other side may take this long to answer our close before the socket is cut off.
CLOSE_SECONDS = 2
_NOT_READING = {CloseCode.SLOW_CONSUMER, CloseCode.PING_TIMEOUT}


class Connection:
    """Owned by the event loop: no method here may be called from another thread.

    `actor` is the person as they came in, and stays so: accounts/revocation.py compares
    it with the database. A name or a picture that others shall see is read anew.
    """

    # Ten thousand idle connections should fit in the memory of a small machine.
    __slots__ = (
        "_confirmed",
        "_cut",
        "_granted",
        "_loop",
        "_outbox",
        "_pinged_at",
        "_pinged_at_written",
        "_pings",
        "_unanswered",
        "_written",
        "actor",
        "closed_with",
        "grace",
        "id",
        "is_asking",
        "names",
        "opened_at",
        "rooms",
        "session_id",
        "user_id",
    )

    def __init__(
        self,
        identity: Identity,
        send: Send,
        cut: Callable[[], object],
        transport: asyncio.Transport | None = None,
    ) -> None:
        """`cut` ends the socket's task without waiting for the other side.

        `transport` is that of a server which takes bytes past ASGI.
        """
        self.id = secrets.token_hex(8)
        self.actor = identity.actor
        self.user_id = str(identity.actor.id)
        # A change of a room takes out the readers who have its `leaver` among these.
        own, guest = (self.user_id,), (self.user_id, GUESTS)
        self.names = guest if identity.actor.user.is_guest else own
        self.session_id = str(identity.actor.session_id)
        self.grace = TokenGrace(identity.expires_at)
        # Wall-clock time: it is compared with that of other processes.
        self.opened_at = time.time()
        # The rooms that it reads, each with the number of its subscription.
        self.rooms: dict[str, int] = {}
        self.closed_with: CloseCode | None = None
        # A command is under way, whose reply will be written.
        self.is_asking = False
        self._cut = cut
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(send, self._lost, transport)
        # In bytes, without the headers of frames.
        self._written = 0
        self._confirmed = 0
        # Frames up to this value of `_written` need no look at the limits.
        self._granted = PING_AFTER
        self._pings = 0
        self._pinged_at = self._loop.time()
        self._pinged_at_written = 0
        # The pings not yet answered: number, time, and `_written` at that moment.
        self._unanswered: list[tuple[int, float, int]] = []

    @property
    def ids(self) -> dict[str, str]:
        """For the log: the socket, its person and its session."""
        return {
            "connection": self.id,
            "user": self.user_id,
            "session": self.session_id,
        }

    # --- Writing ---------------------------------------------------------------------

    def write(
        self, frame: PreparedFrame, *, volatile: bool = False, always: bool = False
    ) -> None:
        """Send a frame, now if the transport takes it, else as soon as it does.

        After the token's end only frames that are `always` sent go out. Others are kept
        for the new token, or dropped if they are `volatile`.
        """
        written = self._written + frame.size
        is_early = volatile or self.is_asking
        put = self._outbox.put_soon if is_early else self._outbox.put_now
        if written <= self._granted and time.time() < self.grace.ends and put(frame):
            self._written = written
        elif self.closed_with is None:
            self._write_within_limits(frame, volatile, always)

    def _write_within_limits(
        self, frame: PreparedFrame, volatile: bool, always: bool
    ) -> None:
        if not always and time.time() >= self.grace.ends:
            unread = self._written - self._confirmed
            if not volatile and self.grace.keep(frame) + unread > MAX_UNREAD:
                # The client has missed too much. It comes back and resumes instead.
                self.close(CloseCode.TOKEN_EXPIRED)
            return
        # Queued bytes count even if a pong confirmed them: a client that sends
        # pongs without reading must not make us keep everything.
        unread = max(self._written - self._confirmed, self._outbox.queued)
        if unread > MAX_UNREAD_FOR_VOLATILE:
            if unread > MAX_UNREAD:
                self.close(CloseCode.SLOW_CONSUMER)
                return
            if volatile:
                metrics.volatile_dropped.inc()
                return
        self._written += frame.size
        self._outbox.put(frame)
        if self._written - self._pinged_at_written > PING_AFTER:
            self.ping()

    def reply(self, reply: R, *, always: bool = False) -> R:
        """Write the reply to a command, and return it."""
        self.write(frames.prepared(reply), always=always)
        return reply

    # --- Liveness --------------------------------------------------------------------

    def ping(self) -> None:
        self._pings += 1
        self._pinged_at = self._loop.time()
        self._pinged_at_written = self._written
        self._unanswered.append((self._pings, self._pinged_at, self._written))
        self._outbox.put(frames.prepared(frames.Ping(self._pings)))
        self._grant()

    def pong(self, n: int) -> None:
        """The client read everything up to ping `n`. A number never sent is ignored."""
        if n > self._pings:
            return
        while self._unanswered and self._unanswered[0][0] <= n:
            _, _, self._confirmed = self._unanswered.pop(0)
        self._grant()

    def _grant(self) -> None:
        volatile_end = self._confirmed + MAX_UNREAD_FOR_VOLATILE
        self._granted = min(self._pinged_at_written + PING_AFTER, volatile_end)

    def remind(self) -> None:
        """Tell the client that its token ends soon, if that is so."""
        if self.grace.is_reminder_due():
            expiring = frames.TokenExpiring(self.grace.expires_at)
            self.write(frames.prepared(expiring), always=True)

    def check(self, loop_time: float) -> None:
        """Called every second: ping when it is time, close a dead or expired socket."""
        self.remind()
        if self.grace.is_over():
            self.close(CloseCode.TOKEN_EXPIRED)
        elif self._unanswered and loop_time - self._unanswered[0][1] > PONG_SECONDS:
            self.close(CloseCode.PING_TIMEOUT)
        elif loop_time - self._pinged_at > frames.HEARTBEAT_SECONDS:
            self.ping()

    # --- Closing ---------------------------------------------------------------------

    def close(self, code: CloseCode, *, retry_after: float | None = None) -> None:
        """Say `bye` and close; a socket that does not answer is cut off.
        A client that has stopped reading would not read the `bye` either. It is cut off
        at once, and the frames that wait for it are dropped.
        """
        if self.closed_with is not None:
            return
        self.closed_with = code
        is_stuck = self._outbox.is_stuck and code in _NOT_READING
        if is_stuck:
            self._outbox.discard()
        self._outbox.put(frames.bye(code, retry_after))
        self._outbox.end(int(code))
        self._loop.call_later(0 if is_stuck else CLOSE_SECONDS, self._cut)

    def revoke(self, *, is_disabled: bool) -> None:
        """Close it because its session has ended or its account is disabled."""
        self.close(
            CloseCode.ACCOUNT_DISABLED if is_disabled else CloseCode.SESSION_REVOKED
        )

    def abandon(self) -> None:
        """The socket is gone: write nothing more."""
        self.closed_with = self.closed_with or CloseCode.INTERNAL
        self._outbox.abandon()

    def _lost(self, error: Exception) -> None:
        """Close it when a frame was lost, so that the client comes back and resumes.

        Servers raise what they like here: uvicorn an OSError when the socket is broken;
        daphne nothing then, but an error of autobahn's for a message over 1 MiB.
        """
        logger.debug("connection %s: %s", self.id, type(error).__name__)
        self.close(CloseCode.INTERNAL)
