"""POST rooms/{id}/messages."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat.actions.messages import prepare_send
from chat.log.append import append
from chat.log.draft import Appended
from chat.models import Membership, Message
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope, RoomChanged
from core.limits.table import LIMITS
from tests.people import acting

from .door import Answer, Door, check_refused


def send(door: Door, room: RoomPayload, **fields: Any) -> Answer:
    body = {"client_id": "1", "body": "hello", **fields}
    return door.post(f"rooms/{room.id}/messages", body)


def stored() -> int:
    return Message.objects.filter(kind="user").count()


def test_message_is_stored_and_answered(
    as_bob: Door, bob: User, room: RoomPayload
) -> None:
    answer = send(as_bob, room, reply_to=2)
    assert answer.status == 201
    message = answer.json()
    assert (message["room"], message["seq"], message["rev"]) == (room.id, 3, 3)
    assert (message["body"], message["client_id"]) == ("hello", "1")
    assert (message["reply_to"], message["kind"]) == (2, "user")
    assert message["sender"]["id"] == str(bob.pk)
    assert Message.objects.get(seq=3).body == "hello"


@pytest.mark.django_db(transaction=True)
def test_answer_is_the_message_of_the_event(
    as_bob: Door, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    message = send(as_bob, room, body="Grüße 🌊").json()
    [envelope] = published
    assert isinstance(envelope, RoomChanged)
    [change] = envelope.changes
    assert json.loads(change.message) == message


def test_same_client_id_again_is_the_same_message(
    as_bob: Door, room: RoomPayload
) -> None:
    first, again = send(as_bob, room), send(as_bob, room)
    assert (first.status, again.status) == (201, 200)
    assert first.content == again.content
    assert stored() == 1


def test_same_client_id_for_another_text_is_a_conflict(
    as_bob: Door, room: RoomPayload
) -> None:
    send(as_bob, room)
    check_refused(send(as_bob, room, body="goodbye"), 409, "conflict")
    assert stored() == 1


def test_same_client_id_over_both_doors_is_one_row(
    as_bob: Door, bob: User, room: RoomPayload
) -> None:
    over_socket, _ = prepare_send(acting(bob), room.id, client_id="1", body="hello")
    [outcome] = append([over_socket])
    answer = send(as_bob, room)
    assert isinstance(outcome, Appended)
    assert (answer.status, answer.json()["seq"]) == (200, outcome.message.seq)
    [again] = append([over_socket])
    assert isinstance(again, Appended)
    assert again.duplicate
    assert stored() == 1


def test_longest_message(as_bob: Door, room: RoomPayload) -> None:
    body = "🌊" * LIMITS.message_characters
    assert send(as_bob, room, body=body).json()["body"] == body


def test_message_that_is_too_long(as_bob: Door, room: RoomPayload) -> None:
    body = "x" * (LIMITS.message_characters + 1)
    check_refused(send(as_bob, room, body=body), 413, "too_long")
    assert stored() == 0


@pytest.mark.parametrize("body", ["  two  ", "a\nb\tc", "e\u0301", "<b>&amp;", "0"])
def test_text_is_not_trimmed_or_escaped(
    as_bob: Door, room: RoomPayload, body: str
) -> None:
    expected = body.replace("e\u0301", "\u00e9")
    assert send(as_bob, room, body=body).json()["body"] == expected


MALFORMED: dict[str, list[object]] = {
    "body": [None, "", " \n", [], {}, True, 5, "a\x00b", "a\x1bb", "a\x85b"],
    "client_id": [None, "", "a b", "x" * 65, [], True, 5, "é", "a\x00", " 1", "1\n"],
    "reply_to": [0, -1, "x", [], {}, True, 1.5, "1"],
}


@pytest.mark.parametrize(
    ("field", "value"), [(f, value) for f in MALFORMED for value in MALFORMED[f]]
)
def test_malformed_field(
    as_bob: Door, room: RoomPayload, field: str, value: object
) -> None:
    check_refused(send(as_bob, room, **{field: value}), 400, "invalid", field)
    assert stored() == 0


@pytest.mark.parametrize("field", ["seq", "sender", "kind", "event", "level", "x"])
def test_unknown_field(as_bob: Door, room: RoomPayload, field: str) -> None:
    check_refused(send(as_bob, room, **{field: 1}), 400, "invalid", field)
    assert stored() == 0


def test_missing_fields(as_bob: Door, room: RoomPayload) -> None:
    answer = as_bob.post(f"rooms/{room.id}/messages", {})
    check_refused(answer, 400, "invalid", "client_id", "body")


def test_no_reply_is_the_same_as_none(as_bob: Door, room: RoomPayload) -> None:
    assert send(as_bob, room, reply_to=None).json()["reply_to"] is None


@pytest.mark.parametrize("seq", [3, 2**53, 2**63, 10**30])
def test_reply_to_what_is_not_there(as_bob: Door, room: RoomPayload, seq: int) -> None:
    check_refused(send(as_bob, room, reply_to=seq), 404, "message_not_found")
    assert stored() == 0


def test_outsider_is_told_to_join(as_charlie: Door, room: RoomPayload) -> None:
    check_refused(send(as_charlie, room), 403, "forbidden")
    assert stored() == 0


def test_outsider_of_a_private_room_finds_none(
    as_charlie: Door, private_room: RoomPayload
) -> None:
    check_refused(send(as_charlie, private_room), 404, "room_not_found")
    assert stored() == 0


def test_a_muted_person_sends_nothing_and_still_gets_the_answer_of_a_retry(
    as_bob: Door, bob: User, room: RoomPayload
) -> None:
    send(as_bob, room)
    until = timezone.now() + timedelta(minutes=1)
    Membership.objects.filter(user=bob).update(muted_until=until)
    check_refused(send(as_bob, room, client_id="2"), 403, "muted")
    assert send(as_bob, room).status == 200
    assert stored() == 1


def test_anonymous_sends_nothing(anonymous: Door, room: RoomPayload) -> None:
    check_refused(send(anonymous, room), 401, "unauthorized")
    assert stored() == 0
