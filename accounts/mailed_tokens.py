"""Tokens that are sent by mail: to reset a password, and to confirm an address.

A token is made from the password, the address and the person's token version, and is
void as soon as one of them changes. So it works once, and never after another change.
"""

from uuid import UUID

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from core.audit import Event, record_refusal

from .models import User

# Longer than any token: an address of 254 bytes takes 508 characters in hex.
MAX_MAILED_TOKEN_LENGTH = 1024
# In place of the address that an e-mail token confirms.
_RESET = ""


class _Generator(PasswordResetTokenGenerator):
    key_salt = "accounts.mailed_tokens"

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self._purpose = purpose

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        value = super()._make_hash_value(user, timestamp)
        return f"{value}{user.token_version} {self._purpose}"


def reset_token(user: User) -> str:
    return f"{user.pk.hex}.{_Generator(_RESET).make_token(user)}"


def email_token(user: User, email: str) -> str:
    """For a new address, which is not the person's until this token comes back."""
    return f"{user.pk.hex}.{_Generator(email).make_token(user)}"


def verify_reset_token(token: str) -> User | None:
    """The person whose token this is; None if it is wrong, used or an hour old.

    Call it in a transaction: the person's row stays locked, so that of two uses at once
    only one succeeds.
    """
    return _verify(token, _RESET)


def verify_email_token(token: str, email: str) -> User | None:
    """The same for the token that confirms this address."""
    return _verify(token, email) if email else None


def _verify(token: str, purpose: str) -> User | None:
    key, _, proof = token.partition(".")
    try:
        pk = UUID(hex=key)
    except ValueError:
        pk = None
    people = User.objects.select_for_update().filter(is_active=True, is_guest=False)
    user = people.filter(pk=pk, is_bot=False).first() if pk else None
    if user is None or not _Generator(purpose).check_token(user, proof):
        record_refusal(Event.LINK_REFUSED)
        return None
    return user
