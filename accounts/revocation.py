"""Whether somebody who was let in may still act: asked again by every write.

The doors let people in with what was true then; a token may have died since. What is
compared here is the person as they came in with what the database says now.
"""

from collections.abc import Iterable
from uuid import UUID

from core.errors import Unauthorized

from .models import Session, User

# Each is a value in a query, and a database takes only so many.
_SESSIONS_AT_ONCE = 1000


def current(user: User, *, lock: bool = False) -> User:
    """The person as they are now. Raises Unauthorized when their token would not do.

    Call it in the write's own transaction: who was logged out before it began is
    refused. With `lock` the person's row is held until it ends.
    """
    found = User.objects.filter(
        pk=user.pk, is_active=True, token_version=user.token_version
    )
    if user.session_id is not None:
        found = found.filter(
            sessions__pk=user.session_id, sessions__ended_at__isnull=True
        )
    if lock:
        found = found.select_for_update(of=("self",), no_key=True)
    person = found.first()
    if person is None or not person.is_admitted:
        raise Unauthorized
    person.session_id = user.session_id
    return person


def live_sessions(people: Iterable[User]) -> set[UUID | None]:
    """Those of the people's sessions that are not ended, in one query.

    None is among them: who came through no door is the chat itself.
    """
    asked = {user.session_id for user in people if user.session_id is not None}
    live = Session.objects.filter(pk__in=asked, ended_at__isnull=True)
    return {None, *live.values_list("pk", flat=True)}


def revoked(people: Iterable[User]) -> dict[UUID, bool]:
    """For sockets opened long ago: the sessions that must not stay open.

    The value says whether that is because the account is disabled.
    """
    came: dict[UUID, User] = {}
    # Of one session's sockets those that were opened with more rights lose more.
    for user in sorted(people, key=lambda user: (user.is_staff, user.is_superuser)):
        if user.session_id is not None:
            came[user.session_id] = user
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
    """A lost right closes the socket, which has it still; a gained one opens nothing.

    Guests go too when the server takes no more of them.
    """
    user = session.user
    return (
        session.ended_at is None
        and user.is_admitted
        and user.token_version == came.token_version
        and (user.is_staff or not came.is_staff)
        and (user.is_superuser or not came.is_superuser)
    )
