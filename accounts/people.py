"""Accounts: registering, logging in, guests. Passwords are handled here alone."""

import secrets

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings

from core.audit import Event, record, record_committed
from core.errors import Invalid, Unauthorized
from core.text import clean_line

from .models import Session, User

# The lines that people write about themselves, as long as their columns.
LONGEST = {"display_name": 64, "status": 100}


def register(*, username: str, password: str, display_name: str = "") -> User:
    """A new account. Raises Invalid for a taken name or a weak password."""
    shown = _shown_name(display_name)
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


def log_in(*, username: str, password: str) -> User:
    """Django hashes a password for an unknown name too: both take the same time."""
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        raise Unauthorized("The username or the password is wrong.")
    record(Event.LOGGED_IN, user=user.pk)
    return user


def make_guest(*, display_name: str = "") -> User:
    """Somebody without a password: they are there as long as their session."""
    username = f"guest-{secrets.token_hex(8)}"
    shown = _shown_name(display_name) or "Guest"
    return User.objects.create_user(username, display_name=shown, is_guest=True)


def forget_guests() -> None:
    """Delete the guests who cannot come back: no session of theirs is good."""
    oldest = timezone.now() - api_settings.REFRESH_TOKEN_LIFETIME
    good = Session.objects.filter(
        user=OuterRef("pk"), ended_at=None, last_used_at__gt=oldest
    )
    User.objects.filter(~Exists(good), is_guest=True).delete()


def _shown_name(text: str) -> str:
    return clean_line("display_name", text, LONGEST["display_name"])


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


def set_email(user: User, email: str) -> None:
    """One that is confirmed, or none."""
    user.email = email
    user.save(update_fields=["email"])
    record_committed(Event.EMAIL_CHANGED, user=user.pk)


def check_password(user: User, current_password: str) -> None:
    if not user.check_password(current_password):
        record(Event.LOGIN_FAILED, user=user.pk)
        raise Invalid(fields={"current_password": ["This is not your password."]})


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


def open_sessions(user: User) -> list[Session]:
    """Where this person is logged in, the latest used first."""
    return list(user.sessions.filter(ended_at=None).order_by("-last_used_at"))
