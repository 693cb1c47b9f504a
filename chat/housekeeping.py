"""The clean-up of every ten minutes, in each server process, with sockets or without.

What can no longer be used is deleted, and work that a process left undone goes on. Two
processes that clean at once do no harm: each step looks for what is still there.
"""

from collections.abc import Callable
from functools import partial

from accounts import guests, tokens
from core import jobs
from core.db_timeouts import with_long_timeouts

from .actions import attachments, departures, exports, invitations, retention

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
    """Clean up now and from then on, in a thread of its own. Servers call it once."""
    jobs.repeat("housekeeping", CLEAN_UP_SECONDS, clean_up)


def clean_up() -> None:
    """Take every step. A step that fails is logged and keeps no other from its turn."""
    for step in STEPS:
        jobs.run(partial(with_long_timeouts, step), f"housekeeping: {step.__name__}")
