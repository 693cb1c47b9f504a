"""A transaction of hand-written statements that wait only where they must.

On PostgreSQL they are sent through libpq itself: psycopg's own pipeline sends each of
them alone, and takes three times as much of the processor for a short transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGconn, PGresult

from .statement import Row, Statement

Connection = psycopg.Connection[Any]


class Answer(Protocol):
    def fetchall(self) -> list[tuple[Any, ...]]: ...


class Pipeline(Protocol):
    def send(self, statement: Statement, rows: Sequence[Row]) -> Answer:
        """The answer is there after the next `receive`."""

    def receive(self) -> None:
        """Send all that waits, and return when it is answered."""


@contextmanager
def pipelined() -> Iterator[Pipeline]:
    """A transaction, to be used as `atomic` is. COMMIT goes with what was sent last.

    On SQLite, and in a transaction of the caller's, each statement is executed at once.

    Django is not told of the transaction, because its `atomic` would wait for BEGIN and
    for COMMIT alone. So `on_commit` belongs behind the block, where it works at once.
    """
    db = connections[DEFAULT_DB_ALIAS]
    if db.vendor != "postgresql" or db.in_atomic_block:
        with transaction.atomic():
            yield _OneByOne(db)
        return
    db.ensure_connection()
    try:
        with db.wrap_database_errors:
            pipeline = _Pipeline(db)
            pipeline.command(b"BEGIN")
            yield pipeline
            pipeline.command(b"COMMIT")
            pipeline.receive()
    except BaseException as error:
        _roll_back(db, is_database_error=isinstance(error, Error))
        raise


def _roll_back(db: BaseDatabaseWrapper, *, is_database_error: bool) -> None:
    try:
        db.connection.rollback()
        if is_database_error:
            # Not all may be prepared that were sent. One of them may also be what
            # failed, because a migration changed what it returns.
            db.connection.execute("DEALLOCATE ALL")
            _prepared.pop(db.connection, None)
    except psycopg.Error:
        # It is broken, and the next use gets another one.
        db.close()


class _OneByOne:
    def __init__(self, db: BaseDatabaseWrapper) -> None:
        self._db = db

    def send(self, statement: Statement, rows: Sequence[Row]) -> Answer:
        cursor = self._db.cursor()
        parameter = statement.parameter(rows).decode()
        cursor.execute(statement.texts[self._db.vendor], (parameter,))
        return cursor

    def receive(self) -> None:
        pass


# The names of the statements that a connection keeps prepared.
_prepared: WeakKeyDictionary[Connection, set[bytes]] = WeakKeyDictionary()


class _Result:
    """The answer of a statement, whose `result` is set when it is received."""

    result: PGresult

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows = Transformer(self._connection)
        rows.set_pgresult(self.result)
        return rows.load_rows(0, self.result.ntuples, tuple)


class _Pipeline:
    def __init__(self, db: BaseDatabaseWrapper) -> None:
        self._db = db
        self._connection: Connection = db.connection
        self._pgconn = self._connection.pgconn
        self._prepared = _prepared.setdefault(self._connection, set())
        self._preparing: set[bytes] = set()
        # What gives a command to libpq, and where its result belongs.
        self._waiting: list[tuple[Callable[[], None], _Result]] = []

    def command(self, text: bytes) -> None:
        self._wait(partial(self._pgconn.send_query_params, text, None), text)

    def send(self, statement: Statement, rows: Sequence[Row]) -> Answer:
        name, parameter = statement.name, statement.parameter(rows)
        text = statement.prepared
        if name not in self._prepared and name not in self._preparing:
            self._wait(partial(self._pgconn.send_prepare, name, text))
            self._preparing.add(name)
        execute = partial(self._pgconn.send_query_prepared, name, [parameter])
        return self._wait(execute, text)

    def _wait(self, command: Callable[[], None], text: bytes = b"") -> _Result:
        if text and self._db.queries_logged:
            self._db.queries_log.append({"sql": text.decode(), "time": "0.000"})
        answer = _Result(self._connection)
        self._waiting.append((command, answer))
        return answer

    def receive(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._pgconn.enter_pipeline_mode()
        try:
            commands = [command for command, _ in waiting]
            results = self._connection.wait(_exchange(self._pgconn, commands))
        finally:
            if self._pgconn.status == pq.ConnStatus.OK:
                self._pgconn.exit_pipeline_mode()
        for (_, answer), result in zip(waiting, results, strict=True):
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise error_from_result(result)
            answer.result = result
        self._prepared |= self._preparing


def _exchange(
    pgconn: PGconn, commands: Sequence[Callable[[], None]]
) -> PQGen[list[PGresult]]:
    """Give all commands to libpq, which sends them together, and gather the results."""
    for command in commands:
        command()
    # A Sync, and no mere flush: PostgreSQL ends an idle transaction, which holds locks,
    # only when it waits for a new command.
    pgconn.pipeline_sync()
    yield from generators.send(pgconn)
    results: list[PGresult] = []
    for _ in commands:
        results += yield from generators.fetch_many(pgconn)
    yield from generators.fetch_many(pgconn)
    return results
