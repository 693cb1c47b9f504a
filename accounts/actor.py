"""Who acts: TODO."""

from core.errors import Forbidden

from .models import User


def has_account(user: User) -> bool:
    """Guests have none: they read what is open to them, and know of nobody."""
    return not user.is_guest


def check_account(user: User) -> None:
    """For everything that is not reading rooms or ending one's own sessions."""
    if not has_account(user):
        raise Forbidden("Guests only read.")
