"""People without an account: they come, read what is open to them, and are gone."""

from django.db import transaction

from accounts import people, tokens
from accounts.models import User
from accounts.tokens import Pair
from chat.access.visibility import check_guests


# With the session at once: a guest without one is cleaned away.
@transaction.atomic
def admit_guest(*, display_name: str = "", user_agent: str) -> tuple[User, Pair]:
    """Raises Forbidden where guests are not wanted."""
    check_guests()
    guest = people.make_guest(display_name=display_name)
    return guest, tokens.start_session(guest, user_agent=user_agent)
