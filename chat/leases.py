"""One process at a time: a lease is held while work goes on, and renewed as it does.

Who dies stops renewing, and a minute later another one may go on. Who only slept finds
out at the next renewal, so every step of such work renews before it changes anything.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from .models import Lease

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60
_LASTS = timedelta(seconds=LEASE_SECONDS)


class Lost(Exception):
    """Somebody else is at this work now, or it is no longer wanted."""


def alone(name: str, work: Callable[[Lease], None]) -> None:
    """Do it, unless some process is at it already."""
    lease = _take(name)
    if lease is None:
        return
    try:
        work(lease)
    except Lost:
        logger.info("lease %s: lost", name)
    finally:
        Lease.objects.filter(name=name, holder=lease.holder).delete()


def renew(lease: Lease) -> None:
    """Raises Lost."""
    # The database's clock: those of two processes may differ by more than a lease.
    held = Lease.objects.filter(name=lease.name, holder=lease.holder)
    if not held.update(until=Now() + _LASTS):
        raise Lost


def is_held(name: str) -> bool:
    return Lease.objects.filter(name=name, until__gt=Now()).exists()


def _take(name: str) -> Lease | None:
    Lease.objects.filter(name=name, until__lte=Now()).delete()
    lease = Lease(name=name, holder=secrets.token_hex(8), until=Now() + _LASTS)
    try:
        with transaction.atomic():
            lease.save(force_insert=True)
    except IntegrityError:
        return None
    return lease
