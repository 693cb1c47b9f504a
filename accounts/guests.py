"""Guests: people without an account, who read what is open to them."""

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


# In one transaction: `forget_guests` would delete a guest who has no session yet.
@transaction.atomic
def admit_guest(*, display_name: str = "", user_agent: str) -> tuple[User, Pair]:
    """The new guest, and the first pair of tokens of their only session.

    Raises Forbidden unless ALLOW_GUESTS, and Invalid for the name.
    """
    if not settings.ALLOW_GUESTS:
        raise Forbidden("This server takes no guests.")
    guest = make_guest(display_name=display_name)
    return guest, tokens.start_session(guest, user_agent=user_agent)


def make_guest(*, display_name: str = "") -> User:
    """A person without a password, who stays for as long as their session."""
    username = f"guest-{secrets.token_hex(8)}"
    shown_name = clean_display_name(display_name) or "Guest"
    return User.objects.create_user(username, display_name=shown_name, is_guest=True)


def forget_guests() -> None:
    """Delete the guests whose session has ended or was not used for too long."""
    oldest = timezone.now() - api_settings.REFRESH_TOKEN_LIFETIME
    open_sessions = Session.objects.filter(
        user=OuterRef("pk"), ended_at=None, last_used_at__gt=oldest
    )
    User.objects.filter(~Exists(open_sessions), is_guest=True).delete()
