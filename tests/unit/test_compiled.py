"""Querysets whose SQL is made once: the rows are those that Django itself reads."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import BigIntegerField, QuerySet, UUIDField

from accounts.models import User
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Message
from chat.payloads.rooms import RoomPayload
from core.compiled import Among, Given, compiled
from tests.people import acting

Row = tuple[Any, ...]
# A UUID, a number, a time, JSON and a text that may be NULL: SQLite lacks most of them.
COLUMNS = ("room_id", "seq", "created_at", "mentions", "client_id", "sender__is_bot")


@compiled
def newer(*, descending: bool = False) -> QuerySet[Message, Row]:
    rows = Message.objects.filter(
        room=Given("room", UUIDField()), seq__gt=Given("after", BigIntegerField())
    )
    return rows.order_by("-seq" if descending else "seq").values_list(*COLUMNS)


@compiled
def among() -> QuerySet[Message, Row]:
    rows = Message.objects.filter(Among("room_id", "rooms", UUIDField()))
    return rows.order_by("seq").values_list("seq")


@pytest.fixture(autouse=True)
def talk(alice: User, room: RoomPayload) -> None:
    """After it the log of the room goes from 1 to 5."""
    append([Draft(room.id, acting(alice), f"@alice {n}") for n in range(3)])


@pytest.mark.parametrize("after", [0, 2, 5])
def test_the_rows_are_those_that_django_reads(room: RoomPayload, after: int) -> None:
    rows = Message.objects.filter(room_id=room.id, seq__gt=after).order_by("seq")
    found = newer().rows(room=room.id, after=after)
    assert found == list(rows.values_list(*COLUMNS))
    assert len(found) == 5 - after


def test_a_limit_cuts_the_rows(room: RoomPayload) -> None:
    found = newer().rows(2, room=room.id, after=1)
    assert [row[1] for row in found] == [2, 3]


def test_an_argument_chooses_another_form_of_the_query(room: RoomPayload) -> None:
    found = newer(descending=True).rows(room=room.id, after=3)
    assert [row[1] for row in found] == [5, 4]


def test_a_queryset_is_built_once(room: RoomPayload) -> None:
    built = []

    @compiled
    def counted() -> QuerySet[Message, Row]:
        built.append(True)
        rows = Message.objects.filter(seq=Given("seq", BigIntegerField()))
        return rows.values_list("seq")

    assert [counted().rows(seq=seq) for seq in (1, 2, 99)] == [[(1,)], [(2,)], []]
    assert len(built) == 1


def test_a_list_of_any_length_has_the_same_sql(alice: User, room: RoomPayload) -> None:
    asked = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        assert among().rows(rooms=[]) == []
        assert among().rows(rooms=[alice.pk]) == []
        assert len(among().rows(rooms=[alice.pk, room.id])) == 5
    assert len(asked) == 3
    assert len(set(asked)) == 1
