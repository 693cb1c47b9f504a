"""Logging in, and ending sessions: what is ended closes its sockets everywhere.

Whoever ends their own session, or changes what it rests on, is looked at anew first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from accounts import mailed_tokens, people, tokens
from accounts.models import User
from accounts.revocation import current
from accounts.tokens import Pair, TokenReused
from chat.access.seat import check_account
from core import limits
from core.audit import Event, record_committed
from core.bus import publisher
from core.bus.publisher import EndSessions
from core.errors import Invalid
from core.limits.bucket import key_of

from .notices import tell_of_password


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


def check_own_password(user: User, given: str) -> User:
    """Before what a found token alone must not do: the person whose password it is.

    Call it before the transaction, and `still` in it: hashing takes long, and on SQLite
    everybody's writes would wait. A right password counts like a guess, since it takes
    as long. Raises Unauthorized, Invalid or RateLimited.
    """
    limits.failed_logins.take(key_of(user.username))
    person = current(user)
    people.check_password(person, given)
    return person


def still(checked: User) -> User:
    """The person with their row locked, and with the password that was checked.

    Of two changes at once the second is refused. Raises Unauthorized or Invalid.
    """
    person = current(checked, lock=True)
    if person.password != checked.password:
        problem = "Your password was changed a moment ago: try again."
        raise Invalid(fields={"current_password": [problem]})
    return person


def log_in(*, username: str, password: str) -> User:
    """Raises Unauthorized or RateLimited."""
    with one_guess(username):
        return people.log_in(username=username, password=password)


def refresh(raw: str) -> Pair:
    """A new pair for a refresh token; a stolen one ends the session, sockets too."""
    try:
        return tokens.rotate(raw)
    except TokenReused as reused:
        _close_sockets(reused.session.user, reused.session.pk)
        raise


@transaction.atomic
def log_out(user: User, session_id: UUID) -> bool:
    """One of the person's own devices. False when they have no such open session."""
    return end_session(current(user), session_id)


@transaction.atomic
def log_out_everywhere(user: User) -> None:
    end_all_sessions(current(user))


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


def change_password(
    user: User, *, current_password: str, new_password: str, user_agent: str
) -> Pair:
    """End every session, since a password may be changed because it leaked.

    The person goes on with the new pair, in a new session.
    """
    check_account(user)
    checked = check_own_password(user, current_password)
    new_hash = people.hash_of(new_password, checked)
    with transaction.atomic():
        person = still(checked)
        people.replace_password(person, new_hash)
        tell_of_password(person)
        end_all_sessions(person)
        return tokens.start_session(person, user_agent=user_agent)


def reset_password(token: str, new_password: str) -> None:
    """By the token that was mailed. No new session: the person logs in."""
    with transaction.atomic():
        person = _holder(token)
    # Between the two: hashing takes long. A token that was used meanwhile is dead.
    new_hash = people.hash_of(new_password, person)
    with transaction.atomic():
        person = _holder(token)
        people.replace_password(person, new_hash)
        tell_of_password(person)
        end_all_sessions(person)


def _holder(token: str) -> User:
    person = mailed_tokens.holder(token)
    if person is None:
        raise Invalid(fields={"token": ["This link was used or is too old."]})
    return person


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


@transaction.atomic
def save_password(user: User) -> None:
    """One that the admin or a command has set. It was hashed before the transaction."""
    # That column alone: token_version may have been raised meanwhile.
    user.save(update_fields=["password"])
    record_committed(Event.PASSWORD_CHANGED, user=user.pk)
    tell_of_password(user)
    end_all_sessions(user)


def _close_sockets(user: User, session_id: UUID | None) -> None:
    session = None if session_id is None else str(session_id)
    envelope = EndSessions(
        str(user.pk), session, user.token_version, not user.is_active
    )
    transaction.on_commit(lambda: publisher.publish([envelope]))
