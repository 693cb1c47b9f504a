"""Editing, deleting, pinning, reacting: each a change of the log, or nothing at all."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from chat import queries
from chat.actions.messages import delete_message, edit_message, send_message
from chat.actions.pins import pin_message
from chat.actions.reactions import add_reaction, remove_reaction
from chat.errors import MessageNotFound, Muted, RoomNotFound
from chat.log.draft import Written
from chat.models import Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope, RoomChanged
from core.errors import (
    Forbidden,
    Refusal,
    Unauthorized,
)
from tests.people import acting, person

SEQ = 3


@pytest.fixture
def message(bob: User, room: RoomPayload) -> Message:
    """bob's, with the number 3."""
    send_message(acting(bob), room.id, client_id="1", body="hello")
    return Message.objects.get(seq=SEQ)


def head(room: RoomPayload) -> int:
    return Room.objects.get(pk=room.id).head_seq


ACTIONS: dict[str, Callable[[User, str], Written]] = {
    "edit": lambda user, room: edit_message(acting(user), room, SEQ, body="changed"),
    "delete": lambda user, room: delete_message(acting(user), room, SEQ),
    "pin": lambda user, room: pin_message(acting(user), room, SEQ, pinned=True),
    "react": lambda user, room: add_reaction(acting(user), room, SEQ, emoji="👍"),
}


@pytest.mark.usefixtures("message")
@pytest.mark.parametrize(
    ("action", "member", "outsider"),
    [
        ("edit", Forbidden, Forbidden),
        ("delete", Forbidden, Forbidden),
        ("pin", Forbidden, Forbidden),
        ("react", None, Forbidden),
    ],
)
def test_others_react_to_a_message_and_do_not_change_it(
    charlie: User,
    room: RoomPayload,
    action: str,
    member: type[Refusal] | None,
    outsider: type[Refusal],
) -> None:
    other = person("other")
    Membership.objects.create(room_id=room.id, user=other)
    with pytest.raises(outsider):
        ACTIONS[action](charlie, room.id)
    if member is None:
        ACTIONS[action](other, room.id)
    else:
        with pytest.raises(member):
            ACTIONS[action](other, room.id)


@pytest.mark.usefixtures("message")
@pytest.mark.parametrize("action", ["edit", "react"])
def test_a_muted_member_changes_nothing(
    bob: User, room: RoomPayload, action: str
) -> None:
    later = timezone.now() + timedelta(minutes=1)
    Membership.objects.filter(user=bob).update(muted_until=later)
    with pytest.raises(Muted):
        ACTIONS[action](bob, room.id)
    assert head(room) == SEQ


@pytest.mark.usefixtures("message")
@pytest.mark.parametrize("action", ACTIONS)
def test_an_old_token_changes_nothing(
    alice: User, room: RoomPayload, action: str
) -> None:
    """A socket knows its person as of when it was opened."""
    User.objects.filter(pk=alice.pk).update(token_version=2)
    with pytest.raises(Unauthorized):
        ACTIONS[action](alice, room.id)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_message_that_is_not_there_is_not_found(
    alice: User, room: RoomPayload, private_room: RoomPayload, action: str
) -> None:
    with pytest.raises(MessageNotFound):
        ACTIONS[action](alice, room.id)
    with pytest.raises(RoomNotFound):
        ACTIONS[action](person("stranger"), private_room.id)


def test_an_edit_is_the_rooms_next_number(
    bob: User, room: RoomPayload, message: Message
) -> None:
    changed = edit_message(acting(bob), room.id, SEQ, body="changed").message
    assert (changed.seq, changed.rev, changed.body) == (SEQ, 4, "changed")
    assert changed.edited_at is not None
    assert head(room) == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("edit", "message.updated"),
        ("delete", "message.deleted"),
        ("react", "message.updated"),
    ],
)
def test_a_change_is_announced(
    bob: User,
    room: RoomPayload,
    message: Message,
    published: list[Envelope],
    action: str,
    event: str,
) -> None:
    published.clear()
    written = ACTIONS[action](bob, room.id)
    [envelope] = published
    assert isinstance(envelope, RoomChanged)
    [change] = envelope.changes
    assert (change.seq, change.event, change.message) == (4, event, written.json)


def test_a_change_to_what_is_already_so_takes_no_number(
    bob: User, room: RoomPayload, message: Message, published: list[Envelope]
) -> None:
    for action in ("react", "edit", "delete"):
        first = ACTIONS[action](bob, room.id)
        now = head(room)
        published.clear()
        assert action == "edit" or ACTIONS[action](bob, room.id) == first
        assert (head(room), published) == (now, [])


def test_an_edit_after_the_window_is_refused_but_for_moderators(
    alice: User, bob: User, room: RoomPayload, message: Message
) -> None:
    send_message(acting(alice), room.id, client_id="a", body="mine")
    yesterday = timezone.now() - timedelta(hours=25)
    Message.objects.update(created_at=yesterday)
    with pytest.raises(Forbidden):
        edit_message(acting(bob), room.id, SEQ, body="too late")
    assert (
        edit_message(acting(alice), room.id, 4, body="in time").message.body
        == "in time"
    )


def test_a_deleted_message_keeps_its_place_and_loses_its_text(
    alice: User, bob: User, room: RoomPayload, message: Message
) -> None:
    add_reaction(acting(bob), room.id, SEQ, emoji="👍")
    pin_message(acting(alice), room.id, SEQ, pinned=True)
    deleted = delete_message(acting(alice), room.id, SEQ).message
    assert (deleted.seq, deleted.body, deleted.reactions) == (SEQ, "", [])
    assert deleted.deleted_at is not None
    assert deleted.pinned_at is None
    for action in ("edit", "react", "pin"):
        user = bob if action == "edit" else alice
        with pytest.raises(MessageNotFound):
            ACTIONS[action](user, room.id)


def test_a_system_message_is_neither_edited_nor_deleted(
    alice: User, room: RoomPayload
) -> None:
    with pytest.raises(Forbidden):
        delete_message(acting(alice), room.id, 1)
    with pytest.raises(Forbidden):
        edit_message(acting(alice), room.id, 1, body="x")


@pytest.mark.parametrize("action", ["react", "pin"])
def test_nobody_reacts_to_a_system_message_or_pins_it(
    alice: User, room: RoomPayload, action: str
) -> None:
    """Its number stays: where a removal stands in the log decides who receives what."""
    joined = queries.messages.history(acting(alice), room.id).messages[1]
    assert joined.kind == "system"
    tries = {
        "react": lambda: add_reaction(acting(alice), room.id, joined.seq, emoji="👍"),
        "pin": lambda: pin_message(acting(alice), room.id, joined.seq, pinned=True),
    }
    with pytest.raises(Forbidden):
        tries[action]()
    assert queries.messages.history(acting(alice), room.id).messages[1] == joined


def test_reactions_are_counted_by_emoji(
    alice: User, bob: User, room: RoomPayload, message: Message
) -> None:
    add_reaction(acting(alice), room.id, SEQ, emoji="👍")
    add_reaction(acting(bob), room.id, SEQ, emoji="👍")
    shown = add_reaction(acting(bob), room.id, SEQ, emoji="❤️").message.reactions
    assert [(r.emoji, r.count) for r in shown] == [("👍", 2), ("❤️", 1)]
    assert shown[0].users == [str(alice.pk), str(bob.pk)]
    left = remove_reaction(acting(bob), room.id, SEQ, emoji="👍").message.reactions
    assert [(r.emoji, r.count) for r in left] == [("👍", 1), ("❤️", 1)]
    now = head(room)
    remove_reaction(acting(bob), room.id, SEQ, emoji="👍")
    assert head(room) == now
