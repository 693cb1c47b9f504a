"""Texts that begin with a slash and mean more, and texts that are sent as written."""

import pytest

from accounts.models import User
from chat.actions.direct import open_direct
from chat.actions.messages import edit_message, send_message
from chat.errors import RoomNotFound, UserNotFound
from chat.models import Message, Room
from chat.payloads.rooms import RoomPayload
from chat.slash_commands import PrivateMessage, is_action, private_message
from core.errors import Conflict, Forbidden, Invalid
from tests.people import acting


@pytest.mark.parametrize(
    ("body", "name", "text"),
    [
        ("/pm bob hello", "bob", "hello"),
        ("/pm  bob \n hello  there", "bob", "hello  there"),
        ("/pm bob /pm charlie hi", "bob", "/pm charlie hi"),
        ("/pm bob /me waves", "bob", "/me waves"),
    ],
)
def test_private_messages(body: str, name: str, text: str) -> None:
    assert private_message(body, None, "normal") == PrivateMessage(name, text)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "//pm bob hi",
        "/pmbob hi",
        " /pm bob hi",
        "/PM bob hi",
        "/",
        "/help",
    ],
)
def test_everything_else_is_for_the_room(body: str) -> None:
    assert private_message(body, 1, "alert") is None


@pytest.mark.parametrize("body", ["/pm", "/pm ", "/pm bob", "/pm bob  \n"])
def test_half_a_private_message_is_sent_to_nobody(
    alice: User, room: RoomPayload, body: str
) -> None:
    with pytest.raises(Invalid) as refused:
        send_message(acting(alice), room.id, client_id="1", body=body)
    assert refused.value.fields == {"body": ["Write /pm name text."]}
    assert Message.objects.filter(kind="user").count() == 0


@pytest.mark.parametrize(
    ("reply_to", "level", "field"),
    [(2, "normal", "reply_to"), (None, "alert", "level")],
)
def test_private_message_has_nothing_of_the_room(
    reply_to: int | None, level: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        private_message("/pm bob hi", reply_to, level)
    assert set(refused.value.fields or {}) == {field}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/me waves", True),
        ("/me  ", False),
        ("/me ", False),
        ("/me", False),
        ("/mex", False),
        ("//me waves", False),
        ("hello /me waves", False),
    ],
)
def test_actions(body: str, expected: bool) -> None:
    assert is_action(body) is expected


def test_private_message_goes_to_the_room_of_the_two(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    sent = send_message(
        acting(alice), room.id, client_id="1", body="/pm CHARLIE hi there"
    )
    direct, made = open_direct(acting(charlie), "alice")
    assert (sent.message.room, sent.message.body, made) == (
        direct.id,
        "hi there",
        False,
    )
    assert Room.objects.get(pk=room.id).head_seq == 2


def test_private_message_sent_again_is_the_same(
    alice: User, bob: User, room: RoomPayload
) -> None:
    first = send_message(acting(alice), room.id, client_id="1", body="/pm bob hi")
    again = send_message(acting(alice), room.id, client_id="1", body="/pm bob hi")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.message == first.message
    with pytest.raises(Conflict):
        send_message(acting(alice), room.id, client_id="1", body="/pm bob ho")


def test_private_message_needs_a_room_that_one_may_read(
    bob: User, charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    with pytest.raises(Forbidden):
        send_message(acting(charlie), room.id, client_id="1", body="/pm bob hi")
    with pytest.raises(RoomNotFound):
        send_message(acting(bob), private_room.id, client_id="1", body="/pm charlie hi")
    assert not Room.objects.filter(kind="direct").exists()


def test_private_message_to_nobody(alice: User, room: RoomPayload) -> None:
    with pytest.raises(UserNotFound):
        send_message(acting(alice), room.id, client_id="1", body="/pm nobody hi")
    with pytest.raises(Invalid):
        send_message(acting(alice), room.id, client_id="1", body="/pm alice hi")


def test_text_that_cannot_be_sent_makes_no_room(
    alice: User, bob: User, room: RoomPayload
) -> None:
    with pytest.raises(Invalid):
        send_message(acting(alice), room.id, client_id="1", body="/pm bob a\x00b")
    assert not Room.objects.filter(kind="direct").exists()


def test_action_is_stored_as_written(alice: User, room: RoomPayload) -> None:
    sent = send_message(acting(alice), room.id, client_id="1", body="/me waves")
    assert (sent.message.body, sent.message.is_action) == ("/me waves", True)


def test_edit_makes_and_unmakes_an_action_and_never_sends(
    alice: User, bob: User, room: RoomPayload
) -> None:
    seq = send_message(acting(alice), room.id, client_id="1", body="hello").message.seq
    assert edit_message(acting(alice), room.id, seq, body="/me waves").message.is_action
    assert not edit_message(acting(alice), room.id, seq, body="hello").message.is_action
    edited = edit_message(acting(alice), room.id, seq, body="/pm bob hi").message
    assert (edited.room, edited.body) == (room.id, "/pm bob hi")
