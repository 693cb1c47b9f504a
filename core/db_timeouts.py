"""How long PostgreSQL may work on a statement, and which errors mean that it gave up.

The settings give every connection of a server short timeouts, for people who wait for
an answer. Work that nobody waits for runs `with_long_timeouts`. SQLite has no timeouts.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError, connection

from .errors import Unavailable

T = TypeVar("T")

logger = logging.getLogger(__name__)

_LONG = "SET statement_timeout = '60s'; SET lock_timeout = '10s'"
_DEFAULT = "RESET statement_timeout; RESET lock_timeout"
# PostgreSQL's codes: a lock that was not free in time; a statement that took too long;
# a transaction in which nothing happened for too long.
_LOCK_TIMEOUT = "55P03"
_TIMEOUTS = frozenset({_LOCK_TIMEOUT, "57014", "25P03"})
RETRY_SECONDS = 1


def with_long_timeouts(work: Callable[[], T]) -> T:
    """Run it in this thread, where each statement may take a minute.

    A connection that is lost meanwhile is replaced by one with short timeouts. The next
    clean-up takes up what those cut short.
    """
    _execute(_LONG)
    try:
        return work()
    finally:
        # The pool gives the connection to somebody else next, unless it is broken.
        with suppress(Error):
            _execute(_DEFAULT)


def check_constraints_now() -> None:
    """Check foreign keys with each statement of the transaction, not at its end.

    Checking those of many rows at the commit would take longer than a statement may.
    """
    _execute("SET CONSTRAINTS ALL IMMEDIATE")


def _execute(statement: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement)


def is_lock_timeout(error: Exception) -> bool:
    """Whether another transaction held a lock for longer than this one may wait."""
    return _sqlstate(error) == _LOCK_TIMEOUT


def is_timeout(error: Exception) -> bool:
    """Whether PostgreSQL gave up: then nothing of the transaction was written."""
    return _sqlstate(error) in _TIMEOUTS


def as_unavailable(error: Exception) -> Unavailable | None:
    """The refusal for a database that was too slow or is gone; None for other errors.

    Only for a slow one can it say when to try again.
    """
    is_slow = is_timeout(error)
    if not is_slow and not isinstance(error, (OperationalError, InterfaceError)):
        return None
    # Its class alone: the text of a database error quotes the row.
    logger.warning("database: %s", type(error.__cause__ or error).__name__)
    return Unavailable(retry_after=RETRY_SECONDS if is_slow else None)


def _sqlstate(error: Exception) -> str | None:
    if not isinstance(error, Error):
        return None
    return getattr(error.__cause__, "sqlstate", None)
