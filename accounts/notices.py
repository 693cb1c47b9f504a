"""Mails that tell somebody what was done to their account, in case it was not them.

They go to the address as it was before, take nothing from any limit, and hold no word
that anybody chose and no token: they are for reading alone.
"""

from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from core import jobs

from .models import User

_LOGGED_OUT = """Hello,

the password of your account at {place} was changed at {time} UTC. You are logged out
everywhere.

If it was you, there is nothing to do. If it was not, ask for a new password there at
once, by this address.
"""
_NO_LONGER = """Hello,

this is no longer the mail address of your account at {place}: it was changed or taken
away at {time} UTC.

If it was you, there is nothing to do. If it was not, change your password there at
once. If that fails, ask the people who run the server for help.
"""


def tell_of_password(user: User) -> None:
    _tell(user.email, "Your password was changed", _LOGGED_OUT)


def tell_of_email(user: User, old: str) -> None:
    """Once the new one is set."""
    if user.email != old:
        _tell(old, "Your mail address was changed", _NO_LONGER)


def _tell(address: str, subject: str, text: str) -> None:
    if not address or not settings.SENDS_MAIL:
        return
    place = settings.PUBLIC_URL or "http://localhost:8000"
    filled = text.format(place=place, time=f"{timezone.now():%Y-%m-%d %H:%M}")
    mail = EmailMessage(subject, filled, to=[address])
    deliver = partial(_deliver, mail)
    transaction.on_commit(lambda: jobs.start(deliver, jobs.MAIL))


def _deliver(mail: EmailMessage) -> None:
    mail.send()
