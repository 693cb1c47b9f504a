"""Passwords: checked, changed and reset.

No function here hashes a password inside a transaction: hashing takes long, and on
SQLite every other write would wait for it.
"""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from core import limits
from core.audit import Event, record, record_committed
from core.errors import Invalid
from core.limits.bucket import hashed_key

from . import mailed_tokens, tokens
from .actor import Actor, check_account
from .models import User
from .notices import tell_of_password
from .revocation import current
from .sessions import end_all_sessions
from .tokens import Pair


def check_own_password(actor: Actor, given: str) -> Actor:
    """Check the password before a change for which a token alone is not enough.

    Call it before the transaction, and `lock_checked` in it. A right password counts
    against the limit like a wrong one, since it takes as long to hash. Returns the
    actor with the row that was checked. Raises Unauthorized, Invalid or RateLimited.
    """
    limits.failed_logins.take(hashed_key(actor.user.username))
    checked = current(actor)
    check_password(checked.user, given)
    return checked


def check_password(user: User, given: str) -> None:
    """Slow. Raises Invalid."""
    if not user.check_password(given):
        record(Event.LOGIN_FAILED, user=user.pk)
        raise Invalid(fields={"current_password": ["This is not your password."]})


def lock_checked(checked: Actor) -> User:
    """Lock the person's row, if the password is still the one that was checked.

    So of two changes at once the second one is refused. Raises Unauthorized or Invalid.
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

    The person goes on with the pair that is returned, in a new session. Raises
    Forbidden, Invalid, RateLimited or Unauthorized.
    """
    check_account(actor)
    checked = check_own_password(actor, current_password)
    new_hash = hash_of(new_password, checked.user)
    with transaction.atomic():
        person = lock_checked(checked)
        _replace_password(person, new_hash)
        return tokens.start_session(person, user_agent=user_agent)


def reset_password(token: str, new_password: str) -> None:
    """Set a password by the mailed token. The person then logs in with it.

    Raises Invalid for a token that is void and for a weak password.
    """
    with transaction.atomic():
        person = _verified(token)
    new_hash = hash_of(new_password, person)
    with transaction.atomic():
        # Verified again: the token may have been used while the password was hashed.
        _replace_password(_verified(token), new_hash)


def hash_of(new_password: str, user: User) -> str:
    """Slow. Raises Invalid for a weak password."""
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise Invalid(fields={"new_password": error.messages}) from None
    return make_password(new_password)


def _verified(token: str) -> User:
    person = mailed_tokens.verify_reset_token(token)
    if person is None:
        raise Invalid(fields={"token": ["This link was used or is too old."]})
    return person


def _replace_password(user: User, new_hash: str) -> None:
    user.password = new_hash
    save_password(user)


@transaction.atomic
def save_password(user: User) -> None:
    """Store a password that is hashed already, tell the person, end their sessions."""
    # That column alone: token_version may have been raised since the row was read.
    user.save(update_fields=["password"])
    record_committed(Event.PASSWORD_CHANGED, user=user.pk)
    tell_of_password(user)
    end_all_sessions(user)
