"""Mails that tell people what was done to their account, in case it was not them.

They go to the address as it was before the change and count against no limit. They hold
no token and no text that anybody chose, so that there is nothing in them but to read.
"""

from django.conf import settings
from django.utils import timezone

from .mail_delivery import public_url, send_on_commit
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
    """Call it when the new address is set; the mail goes to the old one."""
    if user.email != old:
        _tell(old, "Your mail address was changed", _NO_LONGER)


def _tell(address: str, subject: str, text: str) -> None:
    if address and settings.SENDS_MAIL:
        time = f"{timezone.now():%Y-%m-%d %H:%M}"
        send_on_commit(address, subject, text.format(place=public_url(), time=time))
