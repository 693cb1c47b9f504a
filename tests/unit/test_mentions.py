"""Mentions in a text: of members by name, and of everybody by moderators."""

import pytest

from accounts.models import User
from chat.actions.memberships import join_room
from chat.actions.messages import edit_message, send_message
from chat.mentions import MAX_MENTIONS, _forms
from chat.payloads.rooms import RoomPayload
from tests.people import acting, person


def mentioned(user: User, room: RoomPayload, body: str) -> list[str]:
    sent = send_message(acting(user), room.id, client_id=str(hash(body))[1:], body=body)
    return sent.message.mentions


@pytest.mark.parametrize(
    "body", ["@bob", "ask @Bob!", "@bob.", "(@bob)", "@bob, @BOB", "a\n@bob"]
)
def test_a_text_mentions_a_member_by_name(
    alice: User, bob: User, room: RoomPayload, body: str
) -> None:
    assert mentioned(alice, room, body) == [str(bob.pk)]


@pytest.mark.usefixtures("charlie")
@pytest.mark.parametrize(
    "body", ["bob", "me@bob.example", "@@bob", "@charlie", "@nobody", "@", "@b"]
)
def test_a_text_without_a_members_name_mentions_nobody(
    alice: User, room: RoomPayload, body: str
) -> None:
    """charlie exists, but is not in the room: whether they do is not told."""
    assert mentioned(alice, room, body) == []


def test_a_name_that_ends_with_a_dot_can_be_mentioned(
    alice: User, room: RoomPayload
) -> None:
    dotted = person("dr.")
    join_room(acting(dotted), room.id)
    assert mentioned(alice, room, "@dr.") == [str(dotted.pk)]


def test_only_moderators_mention_everybody(
    alice: User, bob: User, room: RoomPayload
) -> None:
    assert mentioned(alice, room, "@room look") == ["room"]
    assert mentioned(bob, room, "@room look here") == []


def test_an_edit_replaces_the_mentions(
    alice: User, bob: User, room: RoomPayload
) -> None:
    sent = send_message(acting(alice), room.id, client_id="1", body="@bob").message
    assert sent.mentions == [str(bob.pk)]
    changed = edit_message(acting(alice), room.id, sent.seq, body="@alice").message
    assert changed.mentions == [str(alice.pk)]


def test_a_text_of_names_looks_for_some_of_them(
    alice: User, bob: User, room: RoomPayload
) -> None:
    """A thousand names would be a query of two thousand values, for each message."""
    body = "@bob " + " ".join(f"@{number:03}." for number in range(660))
    assert len(_forms(body)) <= 2 * MAX_MENTIONS
    assert mentioned(alice, room, body) == [str(bob.pk)]
