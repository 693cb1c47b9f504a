"""The emoji that a message takes, and how many kinds of them."""

import pytest

from accounts.models import User
from chat.actions.messages import send_message
from chat.actions.reactions import add_reaction
from chat.models import Message
from chat.payloads.rooms import RoomPayload
from core.errors import (
    Invalid,
    TooLong,
)
from tests.people import acting

SEQ = 3


@pytest.fixture
def message(bob: User, room: RoomPayload) -> Message:
    """bob's, with the number 3."""
    send_message(acting(bob), room.id, client_id="1", body="hello")
    return Message.objects.get(seq=SEQ)


@pytest.mark.parametrize("emoji", ["", "x", "👍👍", ":+1:", "1", "<b>", "\x00"])
def test_a_text_that_is_no_emoji_is_refused(
    bob: User, room: RoomPayload, message: Message, emoji: str
) -> None:
    with pytest.raises(Invalid):
        add_reaction(acting(bob), room.id, SEQ, emoji=emoji)


@pytest.mark.parametrize("emoji", ["👍", "👍🏽", "❤️", "🇩🇪", "👩‍👩‍👧", "#️⃣"])
def test_one_emoji_of_any_length_is_taken(
    bob: User, room: RoomPayload, message: Message, emoji: str
) -> None:
    shown = add_reaction(acting(bob), room.id, SEQ, emoji=emoji).message.reactions
    assert [reaction.emoji for reaction in shown] == [emoji]


def test_a_message_takes_at_most_twenty_kinds_of_emoji(
    bob: User, room: RoomPayload, message: Message
) -> None:
    faces = [chr(0x1F600 + number) for number in range(21)]
    for face in faces[:20]:
        add_reaction(acting(bob), room.id, SEQ, emoji=face)
    with pytest.raises(TooLong):
        add_reaction(acting(bob), room.id, SEQ, emoji=faces[20])
    add_reaction(acting(bob), room.id, SEQ, emoji=faces[0])
