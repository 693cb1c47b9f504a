"""Accounts: registering, logging in, guests. Passwords are handled here alone."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.audit import Event, record_committed
from core.errors import Invalid
from core.text import clean_line

from .models import User

# The lines that people write about themselves, as long as their columns.
LONGEST = {"display_name": 64, "status": 100}


def register(*, username: str, password: str, display_name: str = "") -> User:
    """A new account. Raises Invalid for a taken name or a weak password."""
    shown = clean_display_name(display_name)
    user = User(username=username, display_name=shown or username)
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
    record_committed(Event.REGISTERED, user=user.pk)
    return user


def clean_display_name(text: str) -> str:
    return clean_line("display_name", text, LONGEST["display_name"])


def set_email(user: User, email: str) -> None:
    """One that is confirmed, or none."""
    user.email = email
    user.save(update_fields=["email"])
    record_committed(Event.EMAIL_CHANGED, user=user.pk)


def anonymise(user: User) -> None:
    """What stays of somebody who is gone: a row that their messages can name.

    Nobody logs in as this one, and the old username can be taken again.
    """
    user.username = f"deleted-{secrets.token_hex(8)}"
    user.display_name = "Deleted user"
    user.status = user.avatar = user.email = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_seen_at = None
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
    user.sessions.update(user_agent="")


def _invalid(error: ValidationError) -> Invalid:
    if hasattr(error, "error_dict"):
        return Invalid(fields=error.message_dict)
    return Invalid(fields={"password": error.messages})
