"""The audit log: who logged in, who was refused, who was removed.

Each event is one line of the log, with a stable name and ids; docs/operations.md has
the table. No line holds a token. The line of a failed log-in does not hold the name
either, since people type passwords there by mistake.
"""

import logging
import math
import threading
import time
from contextvars import ContextVar
from enum import StrEnum
from ipaddress import ip_address

from django.db import transaction

logger = logging.getLogger(__name__)

# The client's address, which every line about its request or socket holds.
_address: ContextVar[str] = ContextVar("address", default="")

# Anybody can cause refusals at will. So in this time the same line is logged once, and
# so many different lines of each event: a flood of one event hides no other event.
REPEAT_SECONDS = 10.0
MAX_REFUSALS = 1_000


class Event(StrEnum):
    REGISTERED = "account.registered"
    ACCOUNT_CLOSED = "account.closed"
    LOGGED_IN = "login.ok"
    LOGIN_FAILED = "login.failed"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    SESSIONS_ENDED = "sessions.ended"
    TOKEN_REFRESHED = "token.refreshed"  # noqa: S105  (a name)
    TOKEN_REUSED = "token.reused"  # noqa: S105  (a name)
    TICKET_REFUSED = "ticket.refused"
    LINK_REFUSED = "link.refused"
    EMAIL_CHANGED = "email.changed"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105  (a name)
    RIGHTS_CHANGED = "rights.changed"
    SOCKET_OPENED = "socket.opened"
    SOCKET_CLOSED = "socket.closed"
    SOCKET_REFUSED = "socket.refused"
    ACCESS_REFUSED = "access.refused"
    ORIGIN_REFUSED = "origin.refused"
    UNENCRYPTED_REFUSED = "unencrypted.refused"
    RATE_LIMITED = "rate.limited"
    MEMBER_ADDED = "member.added"
    MEMBER_REMOVED = "member.removed"
    MEMBER_BANNED = "member.banned"
    MEMBER_UNBANNED = "member.unbanned"
    MEMBER_MUTED = "member.muted"
    MEMBER_UNMUTED = "member.unmuted"
    ROLE_CHANGED = "member.role_changed"


def set_client_address(address: str) -> None:
    """For the doors: it holds in this task and in the threads that the task waits for.

    A text that is no address counts as none: a proxy may pass on what a client made up.
    """
    try:
        _address.set(str(ip_address(address)))
    except ValueError:
        _address.set("")


def client_address() -> str:
    """The client's address; empty for work that no client asked for."""
    return _address.get()


def record(event: Event, **ids: object) -> None:
    """Log the event now. `ids` are ids and our own words, never text of a person."""
    fields = _fields(ids)
    logger.info(_line(event, fields), extra={"event": event.value, **fields})


def record_refusal(event: Event, **ids: object) -> None:
    """Log an event that anybody may cause at will: within the bounds above."""
    if _refusals[event].is_new(_line(event, _fields(ids))):
        record(event, **ids)


def record_committed(event: Event, **ids: object) -> None:
    """Log the event when the transaction is committed, and never if it rolls back."""
    transaction.on_commit(lambda: record(event, **ids))


def _fields(ids: dict[str, object]) -> dict[str, str]:
    address = client_address()
    named = {**ids, "address": address} if address else ids
    return {name: str(value) for name, value in named.items()}


def _line(event: Event, fields: dict[str, str]) -> str:
    return " ".join([event.value, *(f"{name}={v}" for name, v in fields.items())])


class _Refusals:
    """The latest lines of one event; one warning says that there are too many."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._lines: set[str] = set()
        self._since = -math.inf
        self._lock = threading.Lock()

    def is_new(self, line: str) -> bool:
        with self._lock:
            now = time.monotonic()
            if now - self._since > REPEAT_SECONDS:
                self._lines, self._since = set(), now
            if line in self._lines or len(self._lines) >= MAX_REFUSALS:
                return False
            self._lines.add(line)
            if len(self._lines) == MAX_REFUSALS:
                logger.warning("more lines of %s than are logged", self._event)
            return True


_refusals = {event: _Refusals(event) for event in Event}
