"""What is proven by having read a mail: whose address it is, and who forgot a password.

A token dies with what it was made from: the password, the address and the version of
the person's tokens. So it works once, and not after any other change of these.
"""

from uuid import UUID

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from core.audit import Event, record_refusal

from .models import User

# No address.
_RESET = ""


class _Generator(PasswordResetTokenGenerator):
    key_salt = "accounts.mailed_tokens"

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self._purpose = purpose

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        made_of = super()._make_hash_value(user, timestamp)
        return f"{made_of}{user.token_version} {self._purpose}"


def reset_token(user: User) -> str:
    return f"{user.pk.hex}.{_Generator(_RESET).make_token(user)}"


def email_token(user: User, email: str) -> str:
    """For a new address, which is not the person's before this comes back."""
    return f"{user.pk.hex}.{_Generator(email).make_token(user)}"


def holder(token: str, purpose: str = _RESET) -> User | None:
    """Whose token this is; None if it is nobody's, used, or older than an hour.

    `purpose` is the new address where one is confirmed.

    Call it in a transaction: the row stays locked, so of two uses at once one wins.
    """
    key, _, proof = token.partition(".")
    user = _locked(key)
    if user is None or not _Generator(purpose).check_token(user, proof):
        record_refusal(Event.LINK_REFUSED)
        return None
    return user


def _locked(key: str) -> User | None:
    try:
        pk = UUID(hex=key)
    except ValueError:
        return None
    people = User.objects.select_for_update().filter(is_active=True, is_guest=False)
    return people.filter(pk=pk, is_bot=False).first()
