"""What PostgreSQL keeps, and what is left of it, when a pipeline fails."""

from datetime import timedelta

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chat.errors import Muted
from chat.log.append import append, append_one
from chat.log.draft import Appended, Draft
from chat.models import Membership, Message
from chat.payloads.rooms import RoomPayload
from core.bus import publisher
from core.bus.envelopes import Envelope
from core.pipeline import pipelined
from core.statement import Statement
from tests.people import acting

from .threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

READ = Statement("SELECT d.n, p.said FROM {rows} d, planted p", columns="x int")
WRITE = Statement("INSERT INTO planted SELECT d.said FROM {rows} d", columns="said int")


@pytest.fixture
def planted(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE planted (said int UNIQUE)")
        cursor.execute("INSERT INTO planted VALUES (1)")


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_prepared_statements"
            " WHERE name LIKE 'hubbub%' ORDER BY name"
        )
        return [name for (name,) in cursor.fetchall()]


def said() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT said FROM planted ORDER BY said")
        return [number for (number,) in cursor.fetchall()]


def read() -> list[object]:
    with pipelined() as pipeline:
        answer = pipeline.send(READ, [(0,)])
        pipeline.receive()
        return [value for _, value in answer.fetchall()]


def write(first: int, second: int, *, error_of_ours: bool = False) -> None:
    with pipelined() as pipeline:
        pipeline.send(WRITE, [(first,)])
        pipeline.receive()
        pipeline.send(WRITE, [(second,)])
        1 // (not error_of_ours)


def test_statements_stay_prepared(bob: User, room: RoomPayload) -> None:
    append_one(Draft(room.id, acting(bob), "one"))
    before = prepared()
    append_one(Draft(room.id, acting(bob), "two"))
    assert len(before) >= 4
    assert prepared() == before


def test_a_refusal_does_not_end_that(bob: User, room: RoomPayload) -> None:
    append_one(Draft(room.id, acting(bob), "one"))
    before = prepared()
    until = timezone.now() + timedelta(minutes=1)
    Membership.objects.filter(user=bob).update(muted_until=until)
    with pytest.raises(Muted):
        append_one(Draft(room.id, acting(bob), "two"))
    assert prepared() == before


def test_logged_statements_tell_of_the_whole_transaction(
    bob: User, room: RoomPayload
) -> None:
    with CaptureQueriesContext(connection) as queries:
        append_one(Draft(room.id, acting(bob), "one"))
    texts = [query["sql"] for query in queries]
    assert (len(texts), texts[0], texts[-1]) == (6, "BEGIN", "COMMIT")
    assert "FOR NO KEY UPDATE" in texts[1]


def test_a_pipeline_that_the_database_refuses_leaves_nothing(planted: None) -> None:
    with pytest.raises(IntegrityError):
        write(2, 1)
    assert said() == [1]
    # The connection is as good as before.
    assert read() == [1]


def test_an_error_of_the_callers_leaves_nothing(planted: None) -> None:
    with pytest.raises(ZeroDivisionError):
        write(2, 3, error_of_ours=True)
    assert said() == [1]
    assert read() == [1]


def test_a_statement_whose_table_changed_fails_once(planted: None) -> None:
    assert read() == [1]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE planted ALTER said TYPE text")
    with pytest.raises(Error):
        read()
    assert read() == ["1"]


def test_a_connection_that_was_lost_is_replaced(bob: User, room: RoomPayload) -> None:
    append_one(Draft(room.id, acting(bob), "one"))
    pid = connection.connection.info.backend_pid

    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    at_once([end])
    assert append_one(Draft(room.id, acting(bob), "two")).message.seq == 4


def test_what_is_announced_is_committed(
    bob: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by somebody else, at that moment."""
    seen: list[object] = []

    def look(envelopes: list[Envelope]) -> None:
        seen.extend(at_once([Message.objects.filter(body="one").count]))

    monkeypatch.setattr(publisher, "publish", look)
    append_one(Draft(room.id, acting(bob), "one"))
    assert seen == [1]


def test_in_a_transaction_of_the_callers_it_is_announced_with_that(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    with transaction.atomic():
        [outcome] = append([Draft(room.id, acting(bob), "one")])
        assert isinstance(outcome, Appended)
        assert published == []
    assert len(published) == 1
