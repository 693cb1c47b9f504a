"""Leases: a piece of work is done by one process at a time, which holds its lease.

The holder renews the lease while it works. A process that dies stops renewing, and a
minute later another one may take over. A process that only slept finds out when it
renews, so it renews before each step that changes anything.
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
    """Another process took over, or the work is no longer wanted."""


def alone(name: str, work: Callable[[Lease], None]) -> None:
    """Do the work, unless a process is at it already."""
    lease = take(name)
    if lease is None:
        return
    try:
        work(lease)
    except Lost:
        logger.info("lease %s: lost", name)
    finally:
        release(lease)


def take(name: str) -> Lease | None:
    """None while another holder has it."""
    # The database's clock, here and below: those of two processes may differ by more
    # than a lease.
    Lease.objects.filter(name=name, until__lte=Now()).delete()
    # Looked for first: an insert that fails leaves an error in PostgreSQL's log.
    if is_held(name):
        return None
    lease = Lease(name=name, holder=secrets.token_hex(8), until=Now() + _LASTS)
    try:
        with transaction.atomic():
            lease.save(force_insert=True)
    except IntegrityError:
        return None
    return lease


def renew(lease: Lease) -> None:
    """Raises Lost."""
    held = Lease.objects.filter(name=lease.name, holder=lease.holder)
    if not held.update(until=Now() + _LASTS):
        raise Lost


def release(lease: Lease) -> None:
    Lease.objects.filter(name=lease.name, holder=lease.holder).delete()


def is_held(name: str) -> bool:
    return Lease.objects.filter(name=name, until__gt=Now()).exists()
