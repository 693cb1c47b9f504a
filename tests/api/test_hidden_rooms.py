"""A room that is not there and one that you may not see: the same answer, byte by byte.

On every operation of a room, whatever it is to do.
"""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions.attachments import add_attachment
from chat.actions.memberships import join_room
from chat.actions.messages import send_message
from chat.models import Ban, Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from tests.people import access_token, acting, person

from .bodies import QUERIES
from .door import Answer, Door, check_refused
from .surface import OF_A_ROOM, Operation, name

BODIES: dict[str, dict[str, object]] = {
    "POST rooms/{room_id}/messages": {"client_id": "1", "body": "hello"},
    "PATCH rooms/{room_id}": {"topic": "x"},
    "POST rooms/{room_id}/invitations": {"user": "charlie"},
    "PUT rooms/{room_id}/notifications": {"level": "none"},
    "POST rooms/{room_id}/members": {"user": "charlie"},
    "PATCH rooms/{room_id}/members/{user_id}": {"role": "member"},
    "PUT rooms/{room_id}/members/{user_id}/mute": {"seconds": 60},
    "PATCH rooms/{room_id}/messages/{seq}": {"body": "hello"},
    "PUT rooms/{room_id}/read": {"seq": 1},
    "PUT rooms/{room_id}/unread": {"seq": 1},
}


def answer_to(door: Door, operation: Operation, room_id: str) -> Answer:
    body = BODIES.get(name(operation))
    path = operation.path(room_id) + QUERIES.get(name(operation), "")
    return door.send(operation.method, path, body)


@pytest.fixture
def missing(as_charlie: Door) -> str:
    return str(uuid4())


def test_there_are_operations_to_try() -> None:
    assert len(OF_A_ROOM) >= 7


@pytest.mark.parametrize("operation", OF_A_ROOM, ids=name)
def test_hidden_rooms_answer_as_a_missing_one(
    as_charlie: Door,
    private_room: RoomPayload,
    staff_room: RoomPayload,
    missing: str,
    operation: Operation,
) -> None:
    direct = Room.objects.create(kind="direct")
    expected = answer_to(as_charlie, operation, missing)
    check_refused(expected, 404, "room_not_found")
    for room_id in (private_room.id, staff_room.id, str(direct.pk)):
        assert answer_to(as_charlie, operation, room_id) == expected


@pytest.fixture
def hidden(
    charlie: User,
    room: RoomPayload,
    private_room: RoomPayload,
    staff_room: RoomPayload,
) -> list[str]:
    """A private one, one for staff, one of two people, and one with a ban."""
    Ban.objects.create(room_id=room.id, user=charlie)
    direct = Room.objects.create(kind="direct")
    return [private_room.id, staff_room.id, str(direct.pk), room.id]


@pytest.mark.parametrize("operation", OF_A_ROOM, ids=name)
def test_hidden_rooms_take_as_many_queries_as_a_missing_one(
    as_charlie: Door, hidden: list[str], missing: str, operation: Operation
) -> None:
    """Each query takes time, so that one more of them would tell of the room."""

    def queries(room_id: str) -> list[str]:
        return _tables(lambda: answer_to(as_charlie, operation, room_id))

    expected = queries(missing)
    assert [queries(room_id) for room_id in hidden] == [expected] * len(hidden)


def test_hidden_names_take_as_many_queries_as_a_missing_one(
    as_charlie: Door, hidden: list[str]
) -> None:
    def queries(name: str) -> list[str]:
        return _tables(lambda: as_charlie.get(f"rooms/by-name/{name}"))

    expected = queries("nowhere")
    assert [queries(name) for name in ("bridge", "attic", "general")] == [expected] * 3


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "attachments/{0}"), ("POST", "attachments/{0}/link")]
)
def test_hidden_files_take_as_many_queries_as_a_missing_one(
    as_charlie: Door,
    alice: User,
    room: RoomPayload,
    missing: str,
    method: str,
    path: str,
) -> None:
    """Sent in a room that charlie did not join, and not sent yet."""
    sent, unsent = (
        add_attachment(acting(alice), room.id, ContentFile(b"text", "notes.txt")).id
        for _ in range(2)
    )
    send_message(acting(alice), room.id, client_id="1", body="", attachments=[sent])

    def queries(file_id: str) -> list[str]:
        return _tables(lambda: as_charlie.send(method, path.format(file_id)))

    assert [queries(sent), queries(unsent)] == [queries(missing)] * 2


def _tables(ask: Callable[[], Answer]) -> list[str]:
    """From which table each query reads; empty for a transaction's own statements."""
    with CaptureQueriesContext(connection) as queries:
        assert ask().status == 404
    return ["".join(re.findall(r'FROM "(\w+)', q["sql"])[:1]) for q in queries]


@pytest.mark.parametrize("operation", OF_A_ROOM, ids=name)
@pytest.mark.parametrize(
    "room_id", ["nonsense", "0", "-", "x" * 500, "%00", "%C3%A9", "'", "{0}"]
)
def test_malformed_id_answers_as_a_missing_room(
    as_charlie: Door, missing: str, operation: Operation, room_id: str
) -> None:
    expected = answer_to(as_charlie, operation, missing)
    assert answer_to(as_charlie, operation, room_id) == expected


@pytest.mark.parametrize("operation", OF_A_ROOM, ids=name)
def test_member_who_lost_the_flag_is_answered_as_an_outsider(
    as_charlie: Door,
    charlie: User,
    staff_room: RoomPayload,
    missing: str,
    operation: Operation,
) -> None:
    Membership.objects.create(room_id=staff_room.id, user=charlie)
    expected = answer_to(as_charlie, operation, missing)
    assert answer_to(as_charlie, operation, staff_room.id) == expected


@pytest.mark.parametrize("operation", OF_A_ROOM, ids=name)
def test_a_room_that_is_not_open_answers_a_guest_as_a_missing_room(
    room: RoomPayload,
    private_room: RoomPayload,
    staff_room: RoomPayload,
    missing: str,
    operation: Operation,
) -> None:
    Room.objects.exclude(pk=room.id).update(guests_may_read=True)
    guest = Door(access_token(person("guest", is_guest=True)))
    expected = answer_to(guest, operation, missing)
    check_refused(expected, 404, "room_not_found")
    for room_id in (room.id, private_room.id, staff_room.id):
        assert answer_to(guest, operation, room_id) == expected


@pytest.mark.parametrize("operation", OF_A_ROOM, ids=name)
def test_outsider_leaves_no_trace(
    as_charlie: Door, private_room: RoomPayload, operation: Operation
) -> None:
    before = (Message.objects.count(), Membership.objects.count())
    answer_to(as_charlie, operation, private_room.id)
    assert (Message.objects.count(), Membership.objects.count()) == before


@pytest.mark.parametrize("operation", OF_A_ROOM, ids=name)
def test_members_are_not_told_that(
    as_dora: Door, staff_room: RoomPayload, operation: Operation
) -> None:
    answer = answer_to(as_dora, operation, staff_room.id)
    assert b"room_not_found" not in answer.content
    assert answer.status < 500


@pytest.mark.parametrize("operation", OF_A_ROOM, ids=name)
def test_wrong_bodies_are_answered_alike_for_hidden_and_missing_rooms(
    as_charlie: Door, private_room: RoomPayload, missing: str, operation: Operation
) -> None:
    hidden, absent = (
        as_charlie.send(operation.method, operation.path(room_id), {"x": 1})
        for room_id in (private_room.id, missing)
    )
    assert hidden == absent


def test_staff_member_sees_the_staff_room(
    as_dora: Door, as_charlie: Door, charlie: User, staff_room: RoomPayload
) -> None:
    assert as_dora.get(f"rooms/{staff_room.id}").json()["id"] == staff_room.id
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    assert as_charlie.get(f"rooms/{staff_room.id}").json()["id"] == staff_room.id
    charlie.refresh_from_db()
    assert join_room(acting(charlie), staff_room.id).role == "member"
