"""Which messages match a search: the only module that knows how each database searches.

PostgreSQL has an index of words (migration 0007), which knows no order. So the index
finds the messages with rare words, and they are sorted. For common words, and on
SQLite, the newest messages are read one after the other. How much is read for a page is
bounded, whatever the planner thinks of a word: a page that is not full ends where
reading stopped, and the next one goes on there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from ...models import Message, Messages
from .splitting import SPLITTING

Rows = QuerySet[Message, Any]

# The index is not asked when so many of the newest messages fill a page.
GLANCE = 500
# With more matches in all rooms together, the index is not used.
MOST_MATCHES = 10_000
# Messages that are read at a time, and how many times for one page.
STEP = 10_000
MOST_STEPS = 5

# The arguments of `translate`, which turns each of these into a space.
_SPACES = f"'{SPLITTING}', '{' ' * len(SPLITTING)}'"
_MINUS = re.compile(r"(?<!\w)-")
_TABLE = 'FROM "chat_message"'
# The columns that the conditions of a search use.
_COLUMNS = ("id", "room_id", "sender_id", "kind", "created_at", "deleted_at")


@dataclass(frozen=True, slots=True)
class Query:
    """A search: for PostgreSQL, the same without unwanted words, and word by word."""

    text: str
    positive: str
    wanted: Sequence[str]
    unwanted: Sequence[str]

    @property
    def is_open(self) -> bool:
        """Whether a message with none of the words may match: no index finds those."""
        is_or = bool(self.unwanted) and "or" in self.text.lower().split()
        # PostgreSQL reads some minuses as "without" that `_UNWANTED` does not.
        return is_or or _MINUS.search(self.positive) is not None


class Found(NamedTuple):
    """Keys of messages, the newest first, and where the next page begins."""

    keys: list[int]
    next: int | None


def find(rows: Messages, query: Query, limit: int) -> Found:
    """The messages among `rows` that match; no condition of `rows` may join a table."""
    try:
        keys, last = _read(rows, query, limit, GLANCE)
        if last is None:
            return _page(keys, limit)
        if connection.vendor == "postgresql" and not query.is_open:
            indexed = _by_index(rows, query, limit)
            if indexed is not None:
                return indexed
        return _by_reading(rows, query, limit)
    except EmptyResultSet:
        return Found([], None)


def _by_index(rows: Messages, query: Query, limit: int) -> Found | None:
    """None when too many messages match."""
    # Without other conditions, for which the planner could prefer another index.
    every = Message.objects.values(*_COLUMNS)
    with transaction.atomic(), connection.cursor() as cursor:
        # Where the planner expects many matches it would read the table instead, and
        # read it to the end when it is wrong.
        cursor.execute("SET LOCAL enable_seqscan = off")
        likely = every.filter(_Likely(F("body"), Value(query.positive)))
        if likely[: MOST_MATCHES + 1].count() > MOST_MATCHES:
            return None
        matches = every.filter(_matches(query))[:MOST_MATCHES]
        return _page(_taken(rows, matches, limit), limit)


def _by_reading(rows: Messages, query: Query, limit: int) -> Found:
    keys: list[int] = []
    last: int | None = None
    for _ in range(MOST_STEPS):
        more, last = _read(rows, query, limit - len(keys), STEP)
        keys += more
        if last is None:
            return _page(keys, limit)
        rows = rows.filter(pk__lt=last)
    return Found(keys, last)


def _read(
    rows: Messages, query: Query, limit: int, count: int
) -> tuple[list[int], int | None]:
    """The matches among the newest `count` rows, and the key that was read last.

    The latter is None when this page needs no more reading.
    """
    newest = rows.order_by("-pk")
    keys = _taken(
        Message.objects.filter(_matches(query)),
        newest.values("id", "body")[:count],
        limit,
    )
    if len(keys) > limit:
        return keys, None
    last = _keys(*_compiled(newest.values("id")[count - 1 : count]))
    return keys, last[0] if last else None


def _taken(rows: Messages, source: Rows, limit: int) -> list[int]:
    """The newest `limit` + 1 keys of `rows`, out of `source` instead of the table.

    The source has a LIMIT, so the planner has to read it first.
    """
    page = rows.order_by("-pk").values("id")[: limit + 1]
    sql, values = page.query.sql_with_params()
    inner, inner_values = _compiled(source)
    sql = sql.replace(_TABLE, f'FROM ({inner}) AS "chat_message"', 1)
    return _keys(sql, [*inner_values, *values])


def _compiled(rows: Rows) -> tuple[str, Sequence[Any]]:
    sql, values = rows.query.sql_with_params()
    if connection.vendor == "sqlite":
        # Its planner would sort all messages of the rooms each time.
        sql = sql.replace(_TABLE, f"{_TABLE} NOT INDEXED", 1)
    return sql, values


def _keys(sql: str, values: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [key for (key,) in cursor.fetchall()]


def _page(keys: list[int], limit: int) -> Found:
    """One key more than asked for tells that there is a next page."""
    page = keys[:limit]
    return Found(page, page[-1] if len(keys) > limit else None)


def _matches(query: Query) -> Any:
    if connection.vendor == "postgresql":
        return _FullText(F("body"), Value(query.text))
    condition = Q()
    for word in query.wanted:
        condition &= _contains(word)
    for word in query.unwanted:
        condition &= ~_contains(word)
    return condition


class _FullText(Func):
    """The very expression of the index, without which PostgreSQL would not use it."""

    template = "(to_tsvector('simple', translate(%(expressions)s))"
    arg_joiner = f", {_SPACES})) @@ websearch_to_tsquery('simple', "
    output_field = BooleanField()


class _Likely(_FullText):
    """The same without the order of the words, which the index does not know."""

    template = (
        "(to_tsvector('simple', translate(%(expressions)s)::text, '<->', '&')::tsquery)"
    )
    arg_joiner = f", {_SPACES})) @@ replace(websearch_to_tsquery('simple', "


def _contains(word: str) -> Q:
    """In any case of its letters, as far as SQLite can: LIKE folds ASCII alone."""
    forms = {word}
    if not word.isascii():
        forms |= {word.lower(), word.upper(), word.capitalize()}
    return reduce(or_, (Q(body__icontains=form) for form in sorted(forms)))
