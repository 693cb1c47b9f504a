"""The clean-up of every ten minutes, in each server process, with sockets or without.

It deletes rows that nobody can use any more, and takes up work that a process left
undone. Two processes that clean at once do no harm: each step looks for what is still
there. The other work that a server does by itself is started here, too.
"""

from collections.abc import Callable
from functools import partial

from django.conf import settings

from accounts import guests, tokens
from core import jobs
from core.db_timeouts import with_long_timeouts

from . import followers
from .actions import attachments, departures, exports, invitations, retention
from .followers import mention_mails

CLEAN_UP_SECONDS = 600

# The last three only start work that takes long; the threads of `jobs` do it.
STEPS: tuple[Callable[[], None], ...] = (
    tokens.forget_expired,
    guests.forget_guests,
    invitations.forget_expired,
    attachments.forget_unsent,
    exports.forget_expired,
    exports.take_up_exports,
    departures.take_up_departures,
    retention.forget_old,
)


def start() -> None:
    """Clean up now and from then on, and follow the log. Servers call it once."""
    jobs.repeat("housekeeping", CLEAN_UP_SECONDS, clean_up)
    followers.start()
    if settings.MENTION_MAILS:
        send = partial(with_long_timeouts, mention_mails.send_due)
        jobs.repeat("mention mails", mention_mails.SEND_SECONDS, send)


def clean_up() -> None:
    """Take every step. A step that fails is logged, and the others still run."""
    for step in STEPS:
        jobs.run(partial(with_long_timeouts, step), f"housekeeping: {step.__name__}")
