"""Hand-written SQL with one text for PostgreSQL and SQLite; the dialects differ here.

A statement has one parameter, a JSON array of objects, which it reads as the table
`{rows} d`. So its text is always the same, for one row and for a thousand: PostgreSQL
keeps it prepared, and a JSON of many rows is encoded ten times as fast as arrays are.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState
from django.utils.dateparse import parse_datetime

# The values of a statement's columns, in their order.
Row = tuple[object, ...]
M = TypeVar("M", bound=Model)

_encoder = msgspec.json.Encoder()
_numbers = count()

# The planner would expect a hundred rows, and read whole tables for them. With this
# condition it expects one, and takes the indexes.
_ON_POSTGRESQL = """(
    SELECT * FROM json_to_recordset(%s) AS j({columns}) WHERE n BETWEEN 0 AND 1000000
) AS d"""
_ON_SQLITE = "(SELECT {values} FROM json_each(%s)) AS d"


class Statement:
    """`columns` are those of the rows, with PostgreSQL's types: "room uuid, seq int".

    Each row also has its place among the rows as `d.n`, by which an answer names it.
    `lock` is the clause that locks rows. SQLite has one lock, which the transaction
    holds already. `name` is that of the prepared statement.
    """

    def __init__(self, text: str, *, columns: str, lock: str = "") -> None:
        columns = f"n int, {columns}"
        pairs = [column.split() for column in columns.split(",")]
        values = ", ".join(_extracted(name, kind) for name, kind in pairs)
        postgresql = _ON_POSTGRESQL.replace("{columns}", columns)
        sqlite = _ON_SQLITE.replace("{values}", values)
        self._names = [name for name, _ in pairs]
        self.name = f"hubbub_{next(_numbers)}".encode()
        # With Django's mark for the parameter.
        self.texts = {
            "postgresql": text.replace("{rows} d", postgresql) + lock,
            "sqlite": text.replace("{rows} d", sqlite),
        }
        # With libpq's.
        self.prepared = self.texts["postgresql"].replace("%s", "$1").encode()

    def parameter(self, rows: Sequence[Row]) -> bytes:
        names = self._names
        table = [dict(zip(names, (n, *row))) for n, row in enumerate(rows)]  # noqa: B905
        return _encoder.encode(table)


def _extracted(name: str, kind: str) -> str:
    """A value as Django stores it in SQLite: ids and times are texts there."""
    value = f"json_extract(value, '$.{name}')"
    if kind == "uuid":
        value = f"replace({value}, '-', '')"
    if kind == "timestamptz":
        value = f"replace(replace({value}, 'T', ' '), 'Z', '')"
    return f"{value} AS {name}"


def uuid_of(value: Any) -> UUID:
    """An id out of a column, which is a text in SQLite."""
    return value if isinstance(value, UUID) else UUID(value)


def time_of(value: Any) -> datetime | None:
    """A time out of a column; in SQLite it has no zone, and is a text if it was made by
    an expression."""
    found = parse_datetime(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def loaded(model: type[M], columns: Sequence[str], values: Sequence[object]) -> M:
    """The row that the ORM's `only` would load, without what makes loading slow.

    `Model.__init__` sends signals and sets each field for itself, which takes five
    times as long. A column that is not named is read when somebody asks for it.
    """
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    vars(row).update(zip(columns, values, strict=True))
    return row
