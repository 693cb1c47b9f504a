"""How many sockets one person has at most: when there is one more, the oldest goes.

Processes tell each other when the sockets of a person that they hold were opened. So
two processes keep the limit together; with more of them it holds for any two.
"""

from collections.abc import Collection

from django.conf import settings

from core.bus import publisher
from core.bus.envelopes import ORIGIN, Opened
from core.limits.table import LIMITS

from ..protocol.close_codes import CloseCode
from .connection import Connection


def came(own: Collection[Connection]) -> None:
    """The last of these was just opened."""
    if not settings.RATE_LIMITS:
        return
    close_oldest(own, elsewhere=[])
    _tell(own, is_answer=False)


def heard(opened: Opened, own: Collection[Connection]) -> None:
    """Another process tells of its sockets of the same person."""
    if opened.process == ORIGIN or not own or not settings.RATE_LIMITS:
        return
    if len(own) + len(opened.times) > LIMITS.connections_per_person:
        # Before: the other needs to know of all that there were.
        if not opened.is_answer:
            _tell(own, is_answer=True)
        close_oldest(own, opened.times)


def close_oldest(own: Collection[Connection], elsewhere: Collection[float]) -> None:
    """Those of this process that are not among the newest of all."""
    live = [c for c in own if c.closed_with is None]
    newest = sorted([*elsewhere, *(c.opened_at for c in live)], reverse=True)
    if len(newest) <= LIMITS.connections_per_person:
        return
    since = newest[LIMITS.connections_per_person - 1]
    for connection in live:
        if connection.opened_at < since:
            connection.close(CloseCode.TOO_MANY_CONNECTIONS)


def _tell(own: Collection[Connection], *, is_answer: bool) -> None:
    live = [c for c in own if c.closed_with is None]
    if live:
        times = [c.opened_at for c in live]
        publisher.publish([Opened(live[0].user_id, ORIGIN, times, is_answer)])
