"""Mails that people ask for: to confirm an address, and to reset a password.

Asking for a reset tells nobody whether an account has the address: the answer is given
before the address is looked up. A link carries its token behind a #, and browsers never
send that part to a server.
"""

from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from core import jobs, limits
from core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Unavailable,
)
from core.limits.bucket import hashed_key

from . import mailed_tokens, people
from .actor import Actor, check_account
from .mail_delivery import public_url, send_on_commit
from .models import User
from .notices import tell_of_email
from .passwords import check_own_password, lock_checked

# This goes to an address that nobody has confirmed. It holds no text that a person
# chose, so that nobody can use this server to deliver their words to strangers.
_CONFIRM = """Hello,

somebody, probably you, gave this address for their account at this chat. If it is
right, open this within an hour:

{link}

If it was not you, do nothing: the address stays unconfirmed, and gets no other mail.
"""
_RESET = """Hello {name},

somebody, probably you, forgot the password of the account {username}. To set a new one,
open this within an hour:

{link}

If it was not you, do nothing: the password stays as it is.
"""


def change_email(actor: Actor, *, email: str, current_password: str) -> None:
    """Take the address away when `email` is empty, or mail a link that confirms it.
    Raises Forbidden, Invalid, RateLimited, Unauthorized or Unavailable.
    """
    check_account(actor)
    # Before the transaction: hashing takes long, and on SQLite all writes wait for it.
    checked = check_own_password(actor, current_password)
    with transaction.atomic():
        person = lock_checked(checked)
        if email:
            limits.mails.take(person.pk)
            _check_mails(email)
            _mail_confirmation(person, email)
        else:
            _set_email(person, "")


def _mail_confirmation(person: User, email: str) -> None:
    # In hex, because a link cannot hold an @ as it is.
    token = f"{email.encode().hex()}.{mailed_tokens.email_token(person, email)}"
    send_on_commit(
        email, "Confirm your address", _CONFIRM.format(link=_link(f"email={token}"))
    )


def confirm_email(token: str) -> None:
    """Raises Invalid, or Conflict when another account has confirmed the address."""
    encoded, _, proof = token.partition(".")
    try:
        email = bytes.fromhex(encoded).decode()
    except ValueError:
        email = ""
    try:
        with transaction.atomic():
            person = mailed_tokens.verify_email_token(proof, email)
            if person is None:
                raise Invalid(fields={"token": ["This link was used or is too old."]})
            _set_email(person, email)
    except IntegrityError:
        raise Conflict("Another account has this address.") from None


def _set_email(person: User, email: str) -> None:
    old = person.email
    people.set_email(person, email)
    tell_of_email(person, old)


def ask_for_reset(email: str) -> None:
    """Mail a link that resets the password, if an account has this address.

    Raises Forbidden, RateLimited or Unavailable, whether or not there is an account.
    """
    _check_mails(email)
    jobs.start(partial(_mail_reset, email), jobs.MAIL)


def _check_mails(email: str) -> None:
    if not settings.SENDS_MAIL:
        raise Forbidden("This server sends no mail: ask its operator.")
    if jobs.MAIL.is_full:
        raise Unavailable("Too many mails wait already. Try again later.")
    # By the address, so that several accounts cannot flood one mailbox together.
    limits.mails.take(hashed_key(email))


def _mail_reset(email: str) -> None:
    # Compared in lower case, as the limit and the unique index do.
    owners = User.objects.alias(folded=Lower("email")).filter(folded=email.lower())
    person = owners.filter(is_active=True, is_guest=False, is_bot=False).first()
    if person is not None:
        text = _RESET.format(
            name=person.display_name,
            username=person.username,
            link=_link(f"reset={mailed_tokens.reset_token(person)}"),
        )
        send_on_commit(person.email, "Set a new password", text)


def _link(fragment: str) -> str:
    return f"{public_url()}/#{fragment}"
