"""The identities behind tokens that read well, for many tokens at once.

A token is good while its session is open and its person is let in. A ticket is good
once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, UUIDField
from django.utils import timezone

from core.compiled import Among, compiled
from core.errors import Unauthorized
from core.statement import loaded

from .actor import Actor, from_session
from .models import RedeemedTicket, Session, User
from .token_kinds import Claims, time_of

Row = tuple[Any, ...]
_SESSION = [field.attname for field in Session._meta.concrete_fields]
_PERSON = [field.attname for field in User._meta.concrete_fields]


@dataclass(frozen=True, slots=True)
class Identity:
    """The actor that a token stands for, and until when it is good."""

    actor: Actor
    expires_at: datetime


class TicketReused(Unauthorized):
    """A ticket came a second time."""

    detail = "This ticket was used before: ask for another."

    def __init__(self, actor: Actor) -> None:
        super().__init__()
        self.actor = actor


def identities(claims: Sequence[Claims]) -> list[Identity | Unauthorized]:
    """The identity behind each, or its refusal: one query, and one for all tickets.

    The tickets among them are used up.
    """
    sessions = open_sessions(claims)
    found = [_identity(one, sessions) for one in claims]
    pairs = list(zip(claims, found, strict=True))
    unused = _use_up([c for c, i in pairs if c.is_ticket and isinstance(i, Identity)])
    for place, (one, identity) in enumerate(pairs):
        if not one.is_ticket or isinstance(identity, Unauthorized):
            continue
        if one.jti in unused:
            # The same ticket may be there twice.
            unused.remove(one.jti)
        else:
            found[place] = TicketReused(identity.actor)
    return found


def open_sessions(claims: Sequence[Claims]) -> dict[UUID, Session]:
    """The sessions that have not ended, with their people, by id."""
    found = _open().rows(ids=list({one.sid for one in claims}))
    return {session.pk: session for session in map(_session, found)}


def locked_session(claims: Claims) -> Session:
    """The session that the token belongs to, locked. Raises Unauthorized."""
    sessions = Session.objects.select_related("user").filter(ended_at=None)
    found = sessions.select_for_update(of=("self",)).filter(pk=claims.sid)
    return session_of(claims, {session.pk: session for session in found})


@compiled
def _open() -> QuerySet[Session, Row]:
    """Asked for with each request and each socket."""
    sessions = Session.objects.filter(Among("pk", "ids", UUIDField()), ended_at=None)
    people = [f"user__{column}" for column in _PERSON]
    return sessions.values_list(*_SESSION, *people)


def _session(row: Row) -> Session:
    session = loaded(Session, _SESSION, row[: len(_SESSION)])
    session.user = loaded(User, _PERSON, row[len(_SESSION) :])
    return session


def session_of(claims: Claims, sessions: dict[UUID, Session]) -> Session:
    """The session that the token belongs to. Raises Unauthorized.

    It must be open and young enough, and its person must still be let in.
    """
    session = sessions.get(claims.sid)
    if session is None or session.user_id != claims.sub:
        raise Unauthorized
    user = session.user
    if not user.is_admitted or claims.ver != user.token_version:
        raise Unauthorized
    if end_of(session) <= timezone.now():
        raise Unauthorized
    return session


def max_age() -> timedelta:
    return timedelta(days=settings.SESSION_DAYS)


def end_of(session: Session) -> datetime:
    """Refreshing does not move it, so that a copied token is not good for ever."""
    return session.created_at + max_age()


def _identity(claims: Claims, sessions: dict[UUID, Session]) -> Identity | Unauthorized:
    try:
        session = session_of(claims, sessions)
        # The socket of a ticket lives as long as the access token that bought it.
        ends = time_of(claims.access_exp if claims.is_ticket else claims.exp)
    except Unauthorized as refusal:
        return refusal
    return Identity(from_session(session.user, session.pk), ends)


def _use_up(tickets: Sequence[Claims]) -> set[str]:
    """The ids of those tickets that were not used before.

    They are inserted into the database and not into a cache: a flushed cache must not
    make a used ticket good again. The primary key lets one of two processes insert it.
    """
    if not tickets:
        return set()
    rows = [(t.jti, _stored(time_of(t.exp))) for t in tickets]
    places = ", ".join(["(%s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {RedeemedTicket._meta.db_table} (jti, expires_at)"  # noqa: S608
            f" VALUES {places} ON CONFLICT DO NOTHING RETURNING jti",
            [value for row in rows for value in row],
        )
        return {jti for (jti,) in cursor.fetchall()}


def _stored(time: datetime) -> str | datetime:
    """The time as the database keeps it: SQLite takes a text."""
    return cast(str | datetime, connection.ops.adapt_datetimefield_value(time))
