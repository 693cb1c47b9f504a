"""What an operator may ask about later: who came in, who was refused, who was put out.

Each is an event with a stable name and ids, in one line of the log; docs/operations.md
has the table. Never a token, and of a failed log-in not the name: it may be a password.
"""

import logging
import math
import threading
import time
from contextvars import ContextVar
from enum import StrEnum
from ipaddress import ip_address

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db import transaction
from django.dispatch import receiver

logger = logging.getLogger(__name__)

# From where it is asked, for every line about it.
_address: ContextVar[str] = ContextVar("address", default="")

# Anybody may be refused as often as they like: the same line is logged once in this
# time, and so many different ones of an event: a flood of one hides no other.
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


def ask_from(address: str) -> None:
    """Said at the door; holds for the task and the threads that it waits for."""
    try:
        _address.set(str(ip_address(address)))
    except ValueError:
        # A proxy may pass on what the client made up.
        _address.set("")


def asking() -> str:
    """The address that asks; empty for work that nobody at a door asked for."""
    return _address.get()


def record(event: Event, **ids: object) -> None:
    """Now. `ids` are ids and words of ours, nothing that anybody wrote."""
    fields = _fields(ids)
    logger.info(_line(event, fields), extra={"event": event.value, **fields})


def record_refusal(event: Event, **ids: object) -> None:
    """The same for what anybody may cause at will: not each time."""
    if _refusals[event].is_new(_line(event, _fields(ids))):
        record(event, **ids)


def record_committed(event: Event, **ids: object) -> None:
    """When the transaction is committed; what is rolled back did not happen."""
    transaction.on_commit(lambda: record(event, **ids))


@receiver(user_login_failed)
def _record_failure(**_: object) -> None:
    """At the API and at the admin: Django says both."""
    record(Event.LOGIN_FAILED)


@receiver(user_logged_in)
def _record_entry(user: AbstractBaseUser, **_: object) -> None:
    """At the admin. The API has no session of Django's."""
    record(Event.LOGGED_IN, user=user.pk)


def _fields(ids: dict[str, object]) -> dict[str, str]:
    asking = _address.get()
    from_where = {"address": asking} if asking else {}
    return {name: str(value) for name, value in {**ids, **from_where}.items()}


def _line(event: Event, fields: dict[str, str]) -> str:
    return " ".join([event.value, *(f"{name}={v}" for name, v in fields.items())])


class _Refusals:
    """One event's last lines; a flood of different ones ends in one warning."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._lines: set[str] = set()
        self._since = -math.inf
        self._lock = threading.Lock()

    def is_new(self, line: str) -> bool:
        with self._lock:
            self._forget()
            if line in self._lines or len(self._lines) >= MAX_REFUSALS:
                return False
            self._lines.add(line)
            if len(self._lines) == MAX_REFUSALS:
                logger.warning("more lines of %s than are logged", self._event)
            return True

    def _forget(self) -> None:
        now = time.monotonic()
        if now - self._since > REPEAT_SECONDS:
            self._lines, self._since = set(), now


_refusals = {event: _Refusals(event) for event in Event}
