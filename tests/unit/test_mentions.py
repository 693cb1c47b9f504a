"""Who is meant by a text: members by name, everybody by moderators."""

import pytest

from accounts.models import User
from chat.actions.memberships import join_room
from chat.actions.messages import edit_message, send_message
from chat.mentions import MAX_MENTIONS, _names
from chat.payloads.rooms import RoomPayload
from tests.people import acting, person


def mentioned(user: User, room: RoomPayload, body: str) -> list[str]:
    sent = send_message(acting(user), room.id, client_id=str(hash(body))[1:], body=body)
    return sent.message.mentions


@pytest.mark.parametrize(
    "body", ["@bob", "ask @Bob!", "@bob.", "(@bob)", "@bob, @BOB", "a\n@bob"]
)
def test_a_member_is_meant(
    alice: User, bob: User, room: RoomPayload, body: str
) -> None:
    assert mentioned(alice, room, body) == [str(bob.pk)]


@pytest.mark.usefixtures("charlie")
@pytest.mark.parametrize(
    "body", ["bob", "me@bob.example", "@@bob", "@charlie", "@nobody", "@", "@b"]
)
def test_nobody_is_meant(alice: User, room: RoomPayload, body: str) -> None:
    """charlie exists, but is not in the room: whether they do is not told."""
    assert mentioned(alice, room, body) == []


def test_a_name_with_a_dot_at_its_end_is_a_name(alice: User, room: RoomPayload) -> None:
    dotted = person("dr.")
    join_room(acting(dotted), room.id)
    assert mentioned(alice, room, "@dr.") == [str(dotted.pk)]


def test_everybody_is_for_moderators(alice: User, bob: User, room: RoomPayload) -> None:
    assert mentioned(alice, room, "@room look") == ["room"]
    assert mentioned(bob, room, "@room look here") == []


def test_an_edit_mentions_anew(alice: User, bob: User, room: RoomPayload) -> None:
    sent = send_message(acting(alice), room.id, client_id="1", body="@bob").message
    assert sent.mentions == [str(bob.pk)]
    changed = edit_message(acting(alice), room.id, sent.seq, body="@alice").message
    assert changed.mentions == [str(alice.pk)]


def test_a_text_of_names_looks_for_some_of_them(
    alice: User, bob: User, room: RoomPayload
) -> None:
    """A thousand names would be a query of two thousand values, for each message."""
    body = "@bob " + " ".join(f"@{number:03}." for number in range(660))
    assert len(_names(body)) <= 2 * MAX_MENTIONS
    assert mentioned(alice, room, body) == [str(bob.pk)]
