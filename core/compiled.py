"""Querysets that Django turns into SQL once, for queries that are asked all the time.

Building the SQL of a queryset takes Django longer than sending it and reading the rows.
A function under `compiled` builds a queryset in which each value that changes is a
`Given`, or a list in `Among`. Its SQL is made at the first call and kept; later calls
only fill in the values. Django's cursor executes it, so logs and query counts see it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from typing import Any, Generic, ParamSpec, TypeVar, cast

from django.db import connection
from django.db.models import BooleanField, Expression, F, Field, Func, QuerySet

P = ParamSpec("P")
R = TypeVar("R")


class Given(Expression):
    """A value of a field, which `CompiledQuery.rows` is given by name."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def prepared(self, values: Mapping[str, Any]) -> Any:
        """The value as this database takes it: SQLite has no UUIDs and no times."""
        field: Any = self.output_field
        return field.get_db_prep_value(values[self.name], connection)


class _GivenList(Given):
    """As one parameter, so that the SQL is the same for a list of any length."""

    def prepared(self, values: Mapping[str, Any]) -> Any:
        field: Any = self.output_field
        found = [field.get_db_prep_value(v, connection) for v in values[self.name]]
        return found if connection.vendor == "postgresql" else json.dumps(found)


class Among(Func):
    """The condition that a column has one of the values of a list."""

    output_field = BooleanField()

    def __init__(self, column: str, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(F(column), _GivenList(name, field))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        listed = "%(expressions)s))"
        joiner = " IN (SELECT value FROM json_each("
        return self.as_sql(compiler, connection, template=listed, arg_joiner=joiner)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        _, values = self.source_expressions
        listed = f"%(expressions)s::{values.output_field.db_type(connection)}[])"
        joiner = " = ANY("
        return self.as_sql(compiler, connection, template=listed, arg_joiner=joiner)


class CompiledQuery(Generic[R]):
    """The SQL of one queryset for one database."""

    def __init__(self, queryset: QuerySet[Any, R]) -> None:
        compiler = queryset.query.get_compiler(connection=connection)
        self._sql, self._parameters = compiler.as_sql()
        columns = [select[0] for select in compiler.select[: compiler.col_count]]
        # What Django does to values that the database has no type for.
        self._converters = compiler.get_converters(columns)

    def rows(self, limit: int | None = None, **values: object) -> list[R]:
        """Execute it, for the first `limit` rows."""
        prepared = [
            part.prepared(values) if isinstance(part, Given) else part
            for part in self._parameters
        ]
        sql = self._sql
        if limit is not None:
            sql = f"{sql} LIMIT %s"
            prepared.append(limit)
        with connection.cursor() as cursor:
            cursor.execute(sql, prepared)
            rows = cursor.fetchall()
        return cast(list[R], self._converted(rows) if self._converters else rows)

    def _converted(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        converted = []
        for found in rows:
            row = list(found)
            for position, (converters, column) in self._converters.items():
                for convert in converters:
                    row[position] = convert(row[position], column, connection)
            converted.append(tuple(row))
        return converted


def compiled(build: Callable[P, QuerySet[Any, R]]) -> Callable[P, CompiledQuery[R]]:
    """Keeps one statement for each database and each set of arguments.

    The arguments choose among few forms of the query, so that few are kept; the values
    of a request go into `rows`.
    """

    @cache
    def statement(vendor: str, *args: Any, **kwargs: Any) -> CompiledQuery[R]:
        return CompiledQuery(build(*args, **kwargs))

    @wraps(build)
    def on_this_database(*args: P.args, **kwargs: P.kwargs) -> CompiledQuery[R]:
        return statement(connection.vendor, *args, **kwargs)  # type: ignore[arg-type]

    return on_this_database
