"""Hand-written statements: the same text and the same values on both databases."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from core.pipeline import pipelined
from core.statement import Row, Statement, loaded, time_of, uuid_of
from tests.people import NOBODY

ECHO = Statement(
    "SELECT d.n, d.id, d.at, d.said, d.seq FROM {rows} d ORDER BY d.n",
    columns="id uuid, at timestamptz, said text, seq bigint",
)
FIND = Statement(
    "SELECT d.n, u.username, u.created_at, u.is_staff FROM {rows} d"
    " JOIN accounts_user u ON u.id = d.id AND u.created_at = d.at ORDER BY d.n",
    columns="id uuid, at timestamptz",
)
NOW = datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)


def ask(statement: Statement, rows: list[Row]) -> list[Any]:
    with pipelined() as pipeline:
        answer = pipeline.send(statement, rows)
        pipeline.receive()
        return answer.fetchall()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", [NOW, NOW.replace(microsecond=0)])
def test_values_come_back_as_they_were_sent(at: datetime) -> None:
    texts = ["", "50 % of %s", "\"quoted\" and 'quoted'", "line\nline", "🦊 ü \\u0041"]
    rows: list[Row] = [(UUID(NOBODY), at, text, 2**62) for text in texts]
    found = ask(ECHO, [*rows, (None, None, None, None)])
    assert [(n, text, seq) for n, _, _, text, seq in found] == [
        *((n, text, 2**62) for n, text in enumerate(texts)),
        (len(texts), None, None),
    ]
    assert {uuid_of(row[1]) for row in found[:-1]} == {UUID(NOBODY)}
    assert {time_of(row[2]) for row in found} == {at, None}


@pytest.mark.django_db(transaction=True)
def test_ids_and_times_are_found_as_django_stored_them(alice: User, dora: User) -> None:
    rows: list[Row] = [(person.pk, person.created_at) for person in (dora, alice)]
    found = [(name, time_of(at), is_staff) for _, name, at, is_staff in ask(FIND, rows)]
    assert found == [
        ("dora", dora.created_at, True),
        ("alice", alice.created_at, False),
    ]


@pytest.mark.django_db(transaction=True)
def test_no_rows_are_an_empty_table() -> None:
    assert ask(ECHO, []) == []


def test_a_column_that_was_not_loaded_is_read_when_asked_for(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        row = loaded(User, ("id", "username"), (alice.pk, "alice"))
        assert (row.pk, row.username, row == alice) == (alice.pk, "alice", True)
    with django_assert_num_queries(1):
        assert row.display_name == "Alice"


def test_a_transaction_of_the_callers_is_joined(db: None) -> None:
    with pipelined() as pipeline:
        assert connection.in_atomic_block
        answer = pipeline.send(ECHO, [(None, None, "at once", None)])
        # Nothing waits here for `receive`.
        assert answer.fetchall()[0][3] == "at once"
