"""Logging in, and ending sessions. Ending one closes its sockets in every process.

A person who ends their own sessions is checked once more (`current`) before anything
is written.
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
from core.limits.bucket import hashed_key

from . import tokens
from .actor import Actor
from .models import Session, User
from .revocation import current
from .tokens import Pair, TokenReused


@contextmanager
def limit_guesses(username: str) -> Iterator[None]:
    """Take a guess from the account's limit; give it back if the block succeeds.

    So guessing one account's password is slow from however many addresses, and a
    log-in with the right password costs nothing. A stranger's guesses keep the person
    from new log-ins for some minutes; open sessions go on by refreshing. Raises
    RateLimited.
    """
    # By the name as it was typed, so that an unknown name costs the same.
    account = hashed_key(username)
    limits.failed_logins.take(account)
    yield
    limits.failed_logins.give_back(account)


def log_in(*, username: str, password: str, user_agent: str = "") -> tuple[User, Pair]:
    """The person, and the first pair of tokens of a new session.

    Django hashes a password for an unknown name too, so that a wrong name and a wrong
    password take the same time. Raises Unauthorized for either, and RateLimited after
    many.
    """
    with limit_guesses(username):
        user = authenticate(username=username, password=password)
        if not isinstance(user, User):
            raise Unauthorized("The username or the password is wrong.")
    record(Event.LOGGED_IN, user=user.pk)
    return user, tokens.start_session(user, user_agent=user_agent)


def refresh(raw: str) -> Pair:
    """A new pair for a refresh token. A stolen one ends the session and its sockets."""
    try:
        return tokens.rotate(raw)
    except TokenReused as reused:
        _close_sockets(reused.session.user, reused.session.pk)
        raise


@transaction.atomic
def log_out(actor: Actor, session_id: UUID | None) -> bool:
    """End one of the person's own sessions. False when they have no such open one."""
    person = current(actor).user
    return session_id is not None and end_session(person, session_id)


@transaction.atomic
def log_out_everywhere(actor: Actor) -> None:
    end_all_sessions(current(actor).user)


@transaction.atomic
def end_session(user: User, session_id: UUID) -> bool:
    """End a session of this person. False when they have no such open one.

    The caller has checked that it may be ended.
    """
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

    Nothing else may change them: if the row is written by other means, open sockets
    keep the old rights until they are next compared with the database.
    """
    for name, value in flags.items():
        setattr(user, name, value)
    user.save(update_fields=list(flags))
    record_committed(Event.RIGHTS_CHANGED, user=user.pk, **flags)
    end_all_sessions(user)


def _close_sockets(user: User, session_id: UUID | None) -> None:
    """Of one session, or of all of them, in every process, after the commit."""
    session = None if session_id is None else str(session_id)
    envelope = EndSessions(
        str(user.pk), session, user.token_version, not user.is_active
    )
    publish_on_commit(envelope)


def open_sessions(user: User) -> list[Session]:
    """The sessions that this person has open, the latest used first."""
    return list(user.sessions.filter(ended_at=None).order_by("-last_used_at"))
