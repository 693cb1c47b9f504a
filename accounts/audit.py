"""What an operator may ask about later: who came in, who was refused, who was put out.

Each is an event with a stable name and ids, in one line of the log; docs/operations.md
has the table. Never a token, and of a failed log-in not the name: it may be a password.
"""

import logging
from enum import StrEnum

from django.db import transaction

logger = logging.getLogger(__name__)


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
    PASSWORD_CHANGED = "password.changed"  # noqa: S105  (a name)
    RIGHTS_CHANGED = "rights.changed"
    SOCKET_OPENED = "socket.opened"
    SOCKET_CLOSED = "socket.closed"
    SOCKET_REFUSED = "socket.refused"
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


def record(event: Event, **ids: object) -> None:
    """Now. `ids` are ids and words of ours, nothing that anybody wrote."""
    fields = {name: str(value) for name, value in ids.items()}
    line = " ".join([event.value, *(f"{name}={v}" for name, v in fields.items())])
    logger.info(line, extra={"event": event.value, **fields})


def record_committed(event: Event, **ids: object) -> None:
    """When the transaction is committed; what is rolled back did not happen."""
    transaction.on_commit(lambda: record(event, **ids))
