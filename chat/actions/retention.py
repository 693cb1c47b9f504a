"""Deleting what is older than its room keeps. Each process asks, one at a time does."""

from functools import partial

from core import jobs

from ..leases import alone, renew
from ..models import Lease, Room
from ..queries.retention import due
from .erasing import erase


def forget_old() -> None:
    jobs.start(sweep)


def sweep() -> None:
    alone("retention", _sweep)


def _sweep(lease: Lease) -> None:
    rooms = Room.objects.exclude(retention_days=None).order_by("pk")
    for room_id in list(rooms.values_list("pk", flat=True)):
        erase(room_id, due, renew=partial(renew, lease))
