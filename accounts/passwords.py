"""Passwords: checked, changed and reset."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from core import limits
from core.audit import Event, record, record_committed
from core.errors import Invalid
from core.limits.bucket import key_of

from . import mailed_tokens, passwords, tokens
from .actor import Actor, check_account
from .models import User
from .notices import tell_of_password
from .revocation import current
from .sessions import end_all_sessions
from .tokens import Pair


def hash_of(new_password: str, user: User) -> str:
    """Slow, so not for a transaction. Raises Invalid for a weak password."""
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise Invalid(fields={"new_password": error.messages}) from None
    return make_password(new_password)


def replace_password(user: User, new_hash: str) -> None:
    """For somebody who has shown who they are."""
    user.password = new_hash
    user.save(update_fields=["password"])
    record_committed(Event.PASSWORD_CHANGED, user=user.pk)


def check_password(user: User, current_password: str) -> None:
    if not user.check_password(current_password):
        record(Event.LOGIN_FAILED, user=user.pk)
        raise Invalid(fields={"current_password": ["This is not your password."]})


def check_own_password(actor: Actor, given: str) -> Actor:
    """Before what a found token alone must not do: the person whose password it is.

    Call it before the transaction, and `still` in it: hashing takes long, and on SQLite
    everybody's writes would wait. A right password counts like a guess, since it takes
    as long. Raises Unauthorized, Invalid or RateLimited.
    """
    limits.failed_logins.take(key_of(actor.user.username))
    checked = current(actor)
    check_password(checked.user, given)
    return checked


def still(checked: Actor) -> User:
    """The person with their row locked, and with the password that was checked.

    Of two changes at once the second is refused. Raises Unauthorized or Invalid.
    """
    person = current(checked, lock=True).user
    if person.password != checked.user.password:
        problem = "Your password was changed a moment ago: try again."
        raise Invalid(fields={"current_password": [problem]})
    return person


def change_password(
    actor: Actor, *, current_password: str, new_password: str, user_agent: str
) -> Pair:
    """End every session, since a password may be changed because it leaked.

    The person goes on with the new pair, in a new session.
    """
    check_account(actor)
    checked = check_own_password(actor, current_password)
    new_hash = hash_of(new_password, checked.user)
    with transaction.atomic():
        person = still(checked)
        passwords.replace_password(person, new_hash)
        tell_of_password(person)
        end_all_sessions(person)
        return tokens.start_session(person, user_agent=user_agent)


def reset_password(token: str, new_password: str) -> None:
    """By the token that was mailed. No new session: the person logs in."""
    with transaction.atomic():
        person = _holder(token)
    # Between the two: hashing takes long. A token that was used meanwhile is dead.
    new_hash = hash_of(new_password, person)
    with transaction.atomic():
        person = _holder(token)
        passwords.replace_password(person, new_hash)
        tell_of_password(person)
        end_all_sessions(person)


def _holder(token: str) -> User:
    person = mailed_tokens.holder(token)
    if person is None:
        raise Invalid(fields={"token": ["This link was used or is too old."]})
    return person


@transaction.atomic
def save_password(user: User) -> None:
    """One that the admin or a command has set. It was hashed before the transaction."""
    # That column alone: token_version may have been raised meanwhile.
    user.save(update_fields=["password"])
    record_committed(Event.PASSWORD_CHANGED, user=user.pk)
    tell_of_password(user)
    end_all_sessions(user)
