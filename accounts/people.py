"""Registering, logging in and changing oneself; passwords are handled here alone."""

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from .errors import Invalid, Unauthorized
from .models import Session, User
from .standing import current


def register(*, username: str, password: str, display_name: str = "") -> User:
    """A new account. Raises Invalid for a taken name or a weak password."""
    user = User(username=username, display_name=display_name or username)
    try:
        user.clean_fields(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise _invalid(error) from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise Invalid(fields={"username": ["This name is taken."]}) from None
    return user


def log_in(*, username: str, password: str) -> User:
    """Django hashes a password for an unknown name too: both take the same time."""
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        raise Unauthorized("The username or the password is wrong.")
    return user


@transaction.atomic
def change_profile(user: User, *, display_name: str) -> User:
    user = current(user)
    user.display_name = display_name
    user.save(update_fields=["display_name"])
    return user


def set_password(user: User, *, current_password: str, new_password: str) -> None:
    """Raises Invalid when the current one is wrong or the new one is weak."""
    if not user.check_password(current_password):
        raise Invalid(fields={"current_password": ["This is not your password."]})
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise Invalid(fields={"new_password": error.messages}) from None
    user.set_password(new_password)
    user.save(update_fields=["password"])


def _invalid(error: ValidationError) -> Invalid:
    if hasattr(error, "error_dict"):
        return Invalid(fields=error.message_dict)
    return Invalid(fields={"password": error.messages})


def open_sessions(user: User) -> list[Session]:
    """Where this person is logged in, the latest used first."""
    return list(user.sessions.filter(ended_at=None).order_by("-last_used_at"))
