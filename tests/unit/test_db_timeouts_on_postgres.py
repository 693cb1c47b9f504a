"""PostgreSQL gives up in time, and whoever waited is told so."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import Error, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions.rooms import create_room
from chat.log.append import append
from chat.log.draft import Appended, Draft
from chat.models import Message
from chat.payloads.rooms import RoomPayload
from core.db_timeouts import as_unavailable, with_long_timeouts
from core.errors import Unavailable
from tests.people import NOBODY, acting

pytestmark = pytest.mark.django_db(transaction=True)

IDLE = "idle_in_transaction_session_timeout"
NAMES = ("statement_timeout", "lock_timeout", IDLE)
SHORT = ["5s", "2s", "15s"]


def sql(statement: str) -> str | None:
    """Run it; the first column of the first row, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def times() -> list[str | None]:
    return [sql(f"SHOW {name}") for name in NAMES]


@pytest.fixture(autouse=True)
def _own_times() -> Iterator[None]:
    """The next test gets the same connection from the pool."""
    yield
    for name in NAMES:
        sql(f"RESET {name}")


@contextmanager
def locked(room: RoomPayload) -> Iterator[None]:
    """By somebody else, who takes their time."""
    names = ("dbname", "user", "password", "host", "port")
    known = connection.get_connection_params()
    with psycopg.connect(**{name: known[name] for name in names}) as other:
        other.execute("SELECT 1 FROM chat_room WHERE id = %s FOR UPDATE", [room.id])
        yield


def too_slow() -> None:
    sql("SET statement_timeout = '10ms'")
    sql("SELECT pg_sleep(1)")


def too_idle() -> None:
    sql(f"SET {IDLE} = '10ms'")
    with transaction.atomic():
        sql("SELECT 1")
        time.sleep(0.2)
        sql("SELECT 1")


def gone() -> None:
    sql("SELECT pg_terminate_backend(pg_backend_pid())")


def test_every_connection_has_short_timeouts() -> None:
    assert times() == SHORT


def test_work_with_long_timeouts_has_longer_ones() -> None:
    assert with_long_timeouts(times) == ["1min", "10s", "15s"]
    assert times() == SHORT


@pytest.mark.parametrize("fail", [too_slow, gone])
def test_timeouts_are_short_again_after_work_that_failed(
    fail: Callable[[], None],
) -> None:
    with pytest.raises(OperationalError):
        with_long_timeouts(fail)
    connection.close_if_unusable_or_obsolete()
    assert times() == SHORT


@pytest.mark.parametrize(
    ("fail", "retry_after"), [(too_slow, 1), (too_idle, 1), (gone, None)]
)
def test_a_person_who_waited_too_long_is_told_when_to_try_again(
    fail: Callable[[], None], retry_after: float | None
) -> None:
    with pytest.raises(Error) as raised:
        fail()
    refusal = as_unavailable(raised.value)
    assert refusal is not None
    assert refusal.retry_after == retry_after
    connection.close_if_unusable_or_obsolete()


def test_an_error_of_ours_is_not_called_unavailable() -> None:
    with pytest.raises(Error) as raised:
        sql("SELECT nonsense")
    assert as_unavailable(raised.value) is None
    assert as_unavailable(KeyError()) is None


def test_a_locked_room_refuses_its_own_drafts_alone(
    alice: User, bob: User, room: RoomPayload
) -> None:
    """Of a room that is not there it is not told that it is not."""
    other = create_room(acting(alice), name="other")
    drafts = [
        Draft(room.id, acting(bob), "waits", client_id="1"),
        Draft(other.id, acting(alice), "goes on", client_id="2"),
        Draft(NOBODY, acting(alice), "nowhere", client_id="3"),
    ]
    sql("SET lock_timeout = '50ms'")
    with locked(room):
        waits, goes_on, nowhere = append(drafts)
    for refused in (waits, nowhere):
        assert isinstance(refused, Unavailable)
        assert refused.retry_after == 1
    assert isinstance(goes_on, Appended)
    assert not Message.objects.filter(body="waits").exists()
    waits, goes_on, _ = append(drafts)
    assert isinstance(waits, Appended)
    assert isinstance(goes_on, Appended)
    assert (waits.message.seq, waits.duplicate, goes_on.duplicate) == (3, False, True)


def test_a_draft_that_takes_too_long_is_not_tried_again(
    bob: User, room: RoomPayload
) -> None:
    sql("SET statement_timeout = '50ms'")
    with (
        locked(room),
        CaptureQueriesContext(connection) as queries,
        pytest.raises(OperationalError) as raised,
    ):
        append([Draft(room.id, acting(bob), "waits", client_id="1")])
    assert as_unavailable(raised.value) is not None
    assert sum("FOR NO KEY UPDATE" in query["sql"] for query in queries) == 1
