"""A person's row: the lines that people write about themselves, and its last state."""

import secrets

from core.audit import Event, record_committed
from core.text import clean_line

from .models import DISPLAY_NAME_CHARACTERS, STATUS_CHARACTERS, User

LONGEST = {"display_name": DISPLAY_NAME_CHARACTERS, "status": STATUS_CHARACTERS}


def clean_display_name(text: str) -> str:
    """The name as it is stored. Raises Invalid."""
    return clean_line("display_name", text, DISPLAY_NAME_CHARACTERS)


def set_email(user: User, email: str) -> None:
    """Store an address that was confirmed, or an empty text for none."""
    user.email = email
    user.save(update_fields=["email"])
    record_committed(Event.EMAIL_CHANGED, user=user.pk)


def anonymise(user: User) -> None:
    """Empty the row of a deleted account and keep it, since messages refer to it.

    Nobody can log in as this person, and the old username is free again.
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
