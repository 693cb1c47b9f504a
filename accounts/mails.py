"""Mails: to confirm an address, and to set a new password when one was forgotten.

Asking tells nobody whether there is such an address: the answer comes before it is
looked for. Links have their token behind a #, which browsers keep to themselves.
"""

from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from core import jobs, limits
from core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Unavailable,
)
from core.limits.bucket import key_of

from . import mailed_tokens, people
from .actor import Actor, check_account
from .models import User
from .notices import tell_of_email
from .passwords import check_own_password, still

# To an address that nobody has confirmed: no word of it is what somebody chose, so that
# this server delivers nobody's text to strangers.
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
    """An empty one goes at once; any other is theirs when they confirm it."""
    check_account(actor)
    _change_email(check_own_password(actor, current_password), email)


@transaction.atomic
def _change_email(checked: Actor, email: str) -> None:
    person = still(checked)
    if not email:
        _set_email(person, "")
        return
    limits.mails.take(person.pk)
    _check_mails(email)
    # In hex: a link takes no @ as it is.
    token = f"{email.encode().hex()}.{mailed_tokens.email_token(person, email)}"
    _send(person, email, "Confirm your address", _CONFIRM, f"email={token}")


def confirm_email(token: str) -> None:
    """Raises Invalid, or Conflict when somebody else has confirmed it before."""
    encoded, _, proof = token.partition(".")
    try:
        email = bytes.fromhex(encoded).decode()
    except ValueError:
        email = ""
    try:
        with transaction.atomic():
            person = mailed_tokens.holder(proof, email) if email else None
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
    _check_mails(email)
    jobs.start(partial(_mail_reset, email), jobs.MAIL)


def _check_mails(email: str) -> None:
    if not settings.SENDS_MAIL:
        raise Forbidden("This server sends no mail: ask its operator.")
    if jobs.MAIL.is_full:
        raise Unavailable("Too many mails wait already. Try again later.")
    # Whoever's it is.
    limits.mails.take(key_of(email))


def _mail_reset(email: str) -> None:
    # Folded as by the limit, and as in the index.
    found = User.objects.alias(folded=Lower("email")).filter(folded=email.lower())
    found = found.filter(is_active=True, is_guest=False, is_bot=False)
    if person := found.first():
        token = mailed_tokens.reset_token(person)
        _send(person, person.email, "Set a new password", _RESET, f"reset={token}")


def _send(person: User, to: str, subject: str, text: str, fragment: str) -> None:
    """By its own worker: a request that waited would tell that there is a mail."""
    filled = text.format(
        name=person.display_name,
        username=person.username,
        link=f"{settings.PUBLIC_URL or 'http://localhost:8000'}/#{fragment}",
    )
    mail = EmailMessage(subject, filled, to=[to])
    deliver = partial(_deliver, mail)
    transaction.on_commit(lambda: jobs.start(deliver, jobs.MAIL))


def _deliver(mail: EmailMessage) -> None:
    mail.send()
