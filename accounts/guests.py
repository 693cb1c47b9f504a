"""People without an account: they come, read what is open to them, and are gone."""

import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings

from core.errors import Forbidden

from . import tokens
from .models import Session, User
from .people import clean_display_name
from .tokens import Pair


# With the session at once: a guest without one is cleaned away.
@transaction.atomic
def admit_guest(*, display_name: str = "", user_agent: str) -> tuple[User, Pair]:
    """Raises Forbidden where guests are not wanted."""
    check_guests()
    guest = make_guest(display_name=display_name)
    return guest, tokens.start_session(guest, user_agent=user_agent)


def make_guest(*, display_name: str = "") -> User:
    """Somebody without a password: they are there as long as their session."""
    username = f"guest-{secrets.token_hex(8)}"
    shown = clean_display_name(display_name) or "Guest"
    return User.objects.create_user(username, display_name=shown, is_guest=True)


def forget_guests() -> None:
    """Delete the guests who cannot come back: no session of theirs is good."""
    oldest = timezone.now() - api_settings.REFRESH_TOKEN_LIFETIME
    good = Session.objects.filter(
        user=OuterRef("pk"), ended_at=None, last_used_at__gt=oldest
    )
    User.objects.filter(~Exists(good), is_guest=True).delete()


def check_guests() -> None:
    if not settings.ALLOW_GUESTS:
        raise Forbidden("This server takes no guests.")
