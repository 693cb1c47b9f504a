"""Deleting messages that are older than their room keeps them."""

from functools import partial

from core import jobs

from ..leases import alone, renew
from ..models import Lease, Room
from ..queries.retention import due
from .erasing import erase


def forget_old() -> None:
    jobs.start(sweep)


def sweep() -> None:
    """Delete in all rooms, unless another process is doing so."""

    def each_room(lease: Lease) -> None:
        rooms = Room.objects.exclude(retention_days=None).order_by("pk")
        for room_id in list(rooms.values_list("pk", flat=True)):
            erase(room_id, due, renew=partial(renew, lease))

    alone("retention", each_room)
