"""A transaction whose statements wait for each other's answers only where they must."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .statement import cursor_of


@contextmanager
def pipelined() -> Iterator[Callable[[], None]]:
    """A transaction of statements (core/statement.py), to be used as `atomic` is.

    Yields a function that sends all that waits, and returns when it is answered. COMMIT
    goes with the statements that are sent after its last call. On SQLite, and in a
    transaction of the caller's, each statement is executed at once.

    Django is not told of the transaction, because its `atomic` would wait for BEGIN and
    for COMMIT alone. So `on_commit` belongs behind the block, where it works at once.
    """
    db = connections[DEFAULT_DB_ALIAS]
    if db.vendor != "postgresql" or db.in_atomic_block:
        with transaction.atomic():
            yield _nothing_waits
        return
    db.ensure_connection()
    try:
        with db.wrap_database_errors, db.connection.pipeline() as sent:
            cursor_of(db).execute("BEGIN")
            # A Sync, and no mere flush: PostgreSQL ends an idle transaction, which
            # holds locks, only when it waits for a new command.
            yield sent.sync
            cursor_of(db).execute("COMMIT")
    except BaseException:
        _roll_back(db)
        raise


def _nothing_waits() -> None:
    pass


def _roll_back(db: BaseDatabaseWrapper) -> None:
    try:
        db.connection.rollback()
    except psycopg.Error:
        # It is broken, and the next use gets another one.
        db.close()
