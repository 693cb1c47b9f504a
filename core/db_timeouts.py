"""How long PostgreSQL may work on something, and what it means when it stopped.

The settings give every connection of a server the times for people who wait for an
answer. Work that nobody waits for is done `patiently`. SQLite has no such times.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError, connection

from .errors import Unavailable

T = TypeVar("T")

logger = logging.getLogger(__name__)

_PATIENT = "SET statement_timeout = '60s'; SET lock_timeout = '10s'"
_IMPATIENT = "RESET statement_timeout; RESET lock_timeout"
# As errors of PostgreSQL: a lock that was not free in time; a statement that took too
# long; a transaction that stood still for too long.
_NO_LOCK = "55P03"
_CUT_SHORT = frozenset({_NO_LOCK, "57014", "25P03"})
RETRY_SECONDS = 1


def patiently(work: Callable[[], T]) -> T:
    """Do this thread's work, whose statements may take a minute each.

    A connection that is lost on the way is replaced by an impatient one: what is cut
    short by it is taken up again by the next clean-up.
    """
    _set(_PATIENT)
    try:
        return work()
    finally:
        # The pool gives the connection to somebody who waits, unless it is broken.
        with suppress(Error):
            _set(_IMPATIENT)


def _set(times: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(times)


def check_as_written() -> None:
    """Check foreign keys with each statement of the transaction.

    Checking those of many rows at the commit would take longer than it may.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def found_locked(error: Exception) -> bool:
    """Whether somebody else held what was asked for until it was given up."""
    return _sqlstate(error) == _NO_LOCK


def was_cut_short(error: Exception) -> bool:
    """Whether PostgreSQL gave up: then nothing of the transaction was written."""
    return _sqlstate(error) in _CUT_SHORT


def as_unavailable(error: Exception) -> Unavailable | None:
    """What is answered when the database was too slow or is not there; else None.

    Only for the former can be said when to come back.
    """
    is_short = was_cut_short(error)
    if not is_short and not isinstance(error, (OperationalError, InterfaceError)):
        return None
    # Not the error's text: a database quotes what it refuses.
    logger.warning("database: %s", type(error.__cause__ or error).__name__)
    return Unavailable(retry_after=RETRY_SECONDS if is_short else None)


def _sqlstate(error: Exception) -> str | None:
    if not isinstance(error, Error):
        return None
    return getattr(error.__cause__, "sqlstate", None)
