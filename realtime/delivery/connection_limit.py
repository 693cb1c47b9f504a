"""The limit of sockets that one person may have open: the oldest makes room.

Processes tell each other when the sockets of a person that they hold were opened. So
any two processes keep the limit together. A person with sockets in more than two may
have more: each process compares its own sockets with those of one other at a time.
"""

from collections.abc import Collection

from django.conf import settings

from core.bus import publisher
from core.bus.envelopes import ORIGIN, Opened
from core.limits.table import LIMITS

from ..protocol.close_codes import CloseCode
from .connection import Connection


def opened_here(own: Collection[Connection]) -> None:
    """Apply the limit after a socket was opened; `own` are the person's in this
    process, with the new one."""
    if not settings.RATE_LIMITS:
        return
    close_oldest(own, elsewhere=[])
    _publish_times(own, is_answer=False)


def opened_elsewhere(opened: Opened, own: Collection[Connection]) -> None:
    """Apply the limit when another process says which sockets the person has there."""
    if opened.process == ORIGIN or not own or not settings.RATE_LIMITS:
        return
    if len(own) + len(opened.times) > LIMITS.connections_per_person:
        # Answered before any is closed: the other must know of all that were open.
        if not opened.is_answer:
            _publish_times(own, is_answer=True)
        close_oldest(own, opened.times)


def close_oldest(own: Collection[Connection], elsewhere: Collection[float]) -> None:
    """Close the sockets of this process that are not among the newest of all.

    `elsewhere` are the times, in seconds since the epoch, of the other process's.
    """
    live = [c for c in own if c.closed_with is None]
    newest = sorted([*elsewhere, *(c.opened_at for c in live)], reverse=True)
    if len(newest) <= LIMITS.connections_per_person:
        return
    since = newest[LIMITS.connections_per_person - 1]
    for connection in live:
        if connection.opened_at < since:
            connection.close(CloseCode.TOO_MANY_CONNECTIONS)


def _publish_times(own: Collection[Connection], *, is_answer: bool) -> None:
    live = [c for c in own if c.closed_with is None]
    if live:
        times = [c.opened_at for c in live]
        publisher.publish([Opened(live[0].user_id, ORIGIN, times, is_answer)])
