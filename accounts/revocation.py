"""Whether an actor whom a door let in may still act: every write asks again.

A door lets people in by what was true at that moment, and a token may have been revoked
since. Here the actor as they came in is compared with what the database says now.
"""

from collections.abc import Iterable
from uuid import UUID

from core.errors import Unauthorized

from .actor import Actor
from .models import Session, User

# Each session is a value in a query, and a database takes only so many.
_SESSIONS_AT_ONCE = 1000


def current(actor: Actor, *, lock: bool = False) -> Actor:
    """The actor with the person as they are now.

    Raises Unauthorized when their token would no longer be accepted. Call it in the
    transaction of the write, so that a write that begins after a log-out is refused.
    With `lock` the person's row is held until that transaction ends.
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


def live_sessions(actors: Iterable[Actor]) -> set[UUID]:
    """Those of the actors' sessions that are not ended, in one query."""
    asked = {actor.session_id for actor in actors if actor.session_id is not None}
    live = Session.objects.filter(pk__in=asked, ended_at__isnull=True)
    return set(live.values_list("pk", flat=True))


def revoked(actors: Iterable[Actor]) -> dict[UUID, bool]:
    """For sockets opened long ago: the sessions that must not stay open.

    The value tells whether that is because the account is disabled.
    """
    came: dict[UUID, User] = {}
    # Two sockets of one session may differ in rights; the one with more of them counts.
    for actor in sorted(actors, key=lambda a: (a.user.is_staff, a.user.is_superuser)):
        if actor.session_id is not None:
            came[actor.session_id] = actor.user
    ids = list(came)
    found: dict[UUID, bool] = {}
    for start in range(0, len(ids), _SESSIONS_AT_ONCE):
        asked = ids[start : start + _SESSIONS_AT_ONCE]
        found |= _revoked({pk: came[pk] for pk in asked})
    return found


def _revoked(came: dict[UUID, User]) -> dict[UUID, bool]:
    sessions = Session.objects.filter(pk__in=came).select_related("user")
    now = {session.pk: session for session in sessions.only(*_COLUMNS)}
    return {
        pk: pk in now and not now[pk].user.is_active
        for pk, user in came.items()
        if pk not in now or not _is_good(now[pk], user)
    }


_COLUMNS = (
    "ended_at",
    "user__is_active",
    "user__is_guest",
    "user__is_staff",
    "user__is_superuser",
    "user__token_version",
)


def _is_good(session: Session, came: User) -> bool:
    """A socket that has lost a right is closed, since it would go on using it.

    A right that was gained closes nothing. Guests are closed when the server takes no
    guests any more.
    """
    user = session.user
    return (
        session.ended_at is None
        and user.is_admitted
        and user.token_version == came.token_version
        and (user.is_staff or not came.is_staff)
        and (user.is_superuser or not came.is_superuser)
    )
