"""Whether an actor whom a door let in may still act: every write checks it again.

A door decides by what is true at that moment, and the token may be revoked afterwards.
Here the actor as they came in is compared with what the database says now.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, UUIDField

from core.compiled import Among, compiled
from core.errors import Unauthorized
from core.statement import loaded

from .actor import Actor
from .models import Session, User

# Of a session and its person, what ends a socket.
_SESSION = ("id", "ended_at")
_PERSON = ("id", "is_active", "is_guest", "is_staff", "is_superuser", "token_version")


def current(actor: Actor, *, lock: bool = False) -> Actor:
    """The same actor, with the person's row as it is now.

    Raises Unauthorized when the token would no longer be accepted. Call it in the
    transaction of the write, so that a write that begins after a log-out is refused.
    With `lock` the person's row stays locked until that transaction ends.
    """
    rows = User.objects.filter(
        pk=actor.id, is_active=True, token_version=actor.user.token_version
    )
    if not actor.is_system:
        if actor.session_id is None:
            raise Unauthorized
        rows = rows.filter(
            sessions__pk=actor.session_id, sessions__ended_at__isnull=True
        )
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    person = rows.first()
    if person is None or not person.is_admitted:
        raise Unauthorized
    return actor.as_now(person)


def revoked(actors: Iterable[Actor]) -> dict[UUID, bool]:
    """The sessions whose sockets must be closed, for sockets that have been open long.

    The value says whether the reason is that the account is disabled.
    """
    admitted: dict[UUID, User] = {}
    # Two sockets of one session may differ in rights; the one with more of them counts.
    for actor in sorted(actors, key=lambda a: (a.user.is_staff, a.user.is_superuser)):
        if actor.session_id is not None:
            admitted[actor.session_id] = actor.user
    rows = _sessions().rows(ids=list(admitted))
    now = {session.pk: session for session in map(_session, rows)}
    return {
        pk: pk in now and not now[pk].user.is_active
        for pk, user in admitted.items()
        if pk not in now or not _is_good(now[pk], user)
    }


@compiled
def _sessions() -> QuerySet[Session, tuple[Any, ...]]:
    people = [f"user__{column}" for column in _PERSON]
    sessions = Session.objects.filter(Among("pk", "ids", UUIDField()))
    return sessions.values_list(*_SESSION, *people)


def _session(row: tuple[Any, ...]) -> Session:
    session = loaded(Session, _SESSION, row[: len(_SESSION)])
    session.user = loaded(User, _PERSON, row[len(_SESSION) :])
    return session


def _is_good(session: Session, admitted: User) -> bool:
    """Whether a socket may stay open that was opened when the row was as `admitted`.

    A right that was lost closes it, since the socket would go on using that right; a
    right that was gained does not. A guest's socket is closed when ALLOW_GUESTS is off.
    """
    user = session.user
    return (
        session.ended_at is None
        and user.is_admitted
        and user.token_version == admitted.token_version
        and (user.is_staff or not admitted.is_staff)
        and (user.is_superuser or not admitted.is_superuser)
    )
