"""Followers of the log: readers that act on what was written, after it was committed.

A follower has a durable cursor for each room. It gets every change at least once and
each room's changes in their order, while it never takes a room's lock and never runs on
the event loop. The log itself is the outbox (docs/guarantees.md, G7).
"""

from django.conf import settings

from .follower import Follower
from .mention_mailer import MentionMailer
from .runner import Runner

_runners: list[Runner] = []


def wanted() -> list[Follower]:
    """The followers that the settings ask for."""
    return [MentionMailer()] if settings.MENTION_MAILS else []


def start() -> None:
    """Start a thread for each follower. Servers call it once in each process."""
    for follower in wanted():
        runner = Runner(follower)
        _runners.append(runner)
        runner.start()


def stop() -> None:
    """Release the leases, so that another process goes on soon. Blocks for seconds."""
    for runner in _runners:
        runner.stop()
    _runners.clear()


def wake(room: str) -> None:
    """Tell the followers of this process that the room has changed. Never blocks."""
    for runner in _runners:
        runner.wake(room)
