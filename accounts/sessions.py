"""Logging in, and ending sessions: what is ended closes its sockets everywhere.

Whoever ends their own session, or changes what it rests on, is looked at anew first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.auth import authenticate
from django.db import transaction

from core import limits
from core.audit import Event, record, record_committed
from core.bus.envelopes import EndSessions
from core.bus.publisher import publish_on_commit
from core.errors import Unauthorized
from core.limits.bucket import key_of

from . import tokens
from .actor import Actor
from .models import Session, User
from .revocation import current
from .tokens import Pair, TokenReused


@contextmanager
def one_guess(username: str) -> Iterator[None]:
    """Guessing one account's password is slow, from however many addresses.

    A log-in with the right password costs nothing, and sessions go on by refreshing: a
    stranger's guesses keep the person from new log-ins alone, for a few minutes.
    """
    # Whether it is anybody's name makes no difference here.
    account = key_of(username)
    limits.failed_logins.take(account)
    yield
    limits.failed_logins.give_back(account)


def log_in(*, username: str, password: str) -> User:
    """Raises Unauthorized for a wrong name or password, RateLimited after many.

    Django hashes a password for an unknown name too, so that both take the same time.
    """
    with one_guess(username):
        user = authenticate(username=username, password=password)
        if not isinstance(user, User):
            raise Unauthorized("The username or the password is wrong.")
    record(Event.LOGGED_IN, user=user.pk)
    return user


def refresh(raw: str) -> Pair:
    """A new pair for a refresh token; a stolen one ends the session, sockets too."""
    try:
        return tokens.rotate(raw)
    except TokenReused as reused:
        _close_sockets(reused.session.user, reused.session.pk)
        raise


@transaction.atomic
def log_out(actor: Actor, session_id: UUID | None) -> bool:
    """One of the person's own devices. False when they have no such open session."""
    person = current(actor).user
    return session_id is not None and end_session(person, session_id)


@transaction.atomic
def log_out_everywhere(actor: Actor) -> None:
    end_all_sessions(current(actor).user)


@transaction.atomic
def end_session(user: User, session_id: UUID) -> bool:
    """Whoever's it is. False when the person has no such open session."""
    if not tokens.revoke(user, session_id):
        return False
    _close_sockets(user, session_id)
    return True


@transaction.atomic
def end_all_sessions(user: User) -> None:
    tokens.revoke_all(user)
    _close_sockets(user, None)


@transaction.atomic
def change_rights(user: User, **flags: bool) -> None:
    """Set `is_active`, `is_staff` or `is_superuser`, and end every session.

    The only way to change them: a row that is written by other means takes until the
    next look at all open sockets.
    """
    for name, value in flags.items():
        setattr(user, name, value)
    user.save(update_fields=list(flags))
    record_committed(Event.RIGHTS_CHANGED, user=user.pk, **flags)
    end_all_sessions(user)


def _close_sockets(user: User, session_id: UUID | None) -> None:
    session = None if session_id is None else str(session_id)
    envelope = EndSessions(
        str(user.pk), session, user.token_version, not user.is_active
    )
    publish_on_commit(envelope)


def open_sessions(user: User) -> list[Session]:
    """Where this person is logged in, the latest used first."""
    return list(user.sessions.filter(ended_at=None).order_by("-last_used_at"))
