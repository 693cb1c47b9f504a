"""Registering: a new account and its first session."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.audit import Event, record_committed
from core.errors import Invalid

from . import tokens
from .models import User
from .people import clean_display_name
from .tokens import Pair


def register(
    *, username: str, password: str, display_name: str = "", user_agent: str = ""
) -> tuple[User, Pair]:
    """The new person, and the first pair of tokens of their first session.

    Both are committed together, or neither is. Raises Invalid for a name that is taken
    and for a weak password.
    """
    user = _checked_person(username, password, display_name)
    # Before the transaction: hashing takes long, and on SQLite all writes wait for it.
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record_committed(Event.REGISTERED, user=user.pk)
            return user, tokens.start_session(user, user_agent=user_agent)
    except IntegrityError:
        raise Invalid(fields={"username": ["This name is taken."]}) from None


def _checked_person(username: str, password: str, display_name: str) -> User:
    """The row as it would be stored, without its password. Raises Invalid."""
    shown_name = clean_display_name(display_name) or username
    user = User(username=username, display_name=shown_name)
    try:
        user.clean_fields(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            raise Invalid(fields=error.message_dict) from None
        raise Invalid(fields={"password": error.messages}) from None
    return user
