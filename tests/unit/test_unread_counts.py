"""Counting what is unread stops at a thousand, and holds up no room meanwhile."""

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chat.migrations
from accounts.models import User
from chat.actions import (
    invitations,
    members,
    memberships,
    notifications,
    reads,
)
from chat.actions.erasing import erase
from chat.actions.messages import delete_message, edit_message, send_message
from chat.actions.reactions import add_reaction
from chat.actions.rooms import update_room
from chat.mentions import change_mentions
from chat.models import Membership, Mention, Message, Room
from chat.payloads.rooms import ReadPayload, RoomPayload
from chat.queries import rooms
from core.bus.envelopes import Envelope
from core.compiled import compiled
from core.limits.table import MAX_UNREAD
from tests.people import acting

from .envelopes import to_person


def said(room: RoomPayload, seq: int, sender: User | None, **fields: Any) -> Message:
    return Message(room_id=UUID(room.id), seq=seq, rev=seq, sender=sender, **fields)


def store(messages: list[Message]) -> None:
    Message.objects.bulk_create(messages)
    change_mentions(messages)


def read_by(user: User, room: RoomPayload) -> ReadPayload:
    return rooms.read_state(Membership.objects.get(user=user, room_id=room.id))


def test_counting_stops_at_a_thousand(
    alice: User, bob: User, room: RoomPayload
) -> None:
    """Messages of both stand between, as they do in a room."""
    writers = [alice, alice, bob]
    mentions = [[str(bob.pk)], ["room"], [str(alice.pk)]]
    store(
        [
            said(room, 10 + n, writers[n % 3], mentions=mentions[n % 3])
            for n in range(3 * MAX_UNREAD)
        ]
    )
    assert read_by(bob, room) == ReadPayload(1, MAX_UNREAD, MAX_UNREAD)
    assert read_by(alice, room) == ReadPayload(0, MAX_UNREAD, MAX_UNREAD)
    Membership.objects.filter(user=bob).update(read_seq=3 * MAX_UNREAD - 1)
    assert read_by(bob, room) == ReadPayload(3 * MAX_UNREAD - 1, 6, 6)


WHO = st.sampled_from(["bob", "alice", None])
MEANT = st.lists(st.sampled_from(["bob", "alice", "room"]), unique=True)
ROW = st.tuples(WHO, MEANT, st.sampled_from(["said", "deleted", "system"]))
# Counting stops here in the next test.
FEW = 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(ROW, max_size=15), read_seq=st.integers(0, 15))
def test_counts_are_right_up_to_where_they_stop(
    alice: User, bob: User, room: RoomPayload, rows: list[Any], read_seq: int
) -> None:
    people = {"alice": alice, "bob": bob, None: None}
    ids = {"alice": str(alice.pk), "bob": str(bob.pk), "room": "room"}
    Mention.objects.all().delete()
    Message.objects.all().delete()
    messages = []
    for seq, (sender, meant, state) in enumerate(rows, 1):
        message = said(room, seq, people[sender], mentions=[ids[one] for one in meant])
        if state == "system":
            message.kind, message.mentions = "system", []
        if state == "deleted":
            message.deleted_at, message.mentions = message.created_at, []
        messages.append(message)
    store(messages)
    Membership.objects.filter(user=bob).update(read_seq=read_seq)

    unread = [m for m in messages[read_seq:] if m.kind == "user" and not m.deleted_at]
    mine = [m for m in unread if ids["bob"] in m.mentions and "room" not in m.mentions]
    all_of_us = [m for m in unread if "room" in m.mentions]

    def counted(found: list[Message]) -> int:
        return min(FEW, sum(m.sender_id != bob.pk for m in found[-2 * FEW :]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "MAX_UNREAD", FEW)
        patch.setattr(rooms, "LOOKED_AT", 2 * FEW)
        # The statement that is kept has the real bounds in it.
        patch.setattr(rooms, "_counts", compiled(inspect.unwrap(rooms._counts)))
        assert read_by(bob, room) == ReadPayload(
            read_seq,
            counted(unread),
            min(FEW, counted(mine) + counted(all_of_us)),
        )


# --- The rows of mentions say what the messages say ----------------------------------


def expected(room: RoomPayload) -> set[tuple[int, str | None]]:
    """`seq`, and who is meant; None is everybody."""
    return {
        (message.seq, None if one == "room" else one)
        for message in Message.objects.filter(room_id=room.id, deleted_at=None)
        for one in message.mentions
        if one == "room" or "room" not in message.mentions
    }


def stored(room: RoomPayload) -> set[tuple[int, str | None]]:
    rows = Mention.objects.filter(room_id=room.id).select_related("message")
    for row in rows:
        assert row.seq == row.message.seq
        assert (row.room_id, row.sender_id) == (
            row.message.room_id,
            row.message.sender_id,
        )
    return {(row.seq, None if row.user is None else str(row.user_id)) for row in rows}


@pytest.fixture
def mentioning(alice: User, bob: User, room: RoomPayload) -> RoomPayload:
    """3 to 6: bob, both, everybody, nobody."""
    for n, body in enumerate(["@bob", "@alice, @bob", "@room and @bob", "hello"]):
        send_message(acting(alice), room.id, client_id=str(n), body=body)
    return room


def test_mentions_follow_the_changes_of_their_message(
    alice: User, bob: User, mentioning: RoomPayload
) -> None:
    room = mentioning
    assert len(stored(room)) == 4
    for change in (
        lambda: edit_message(acting(alice), room.id, 3, body="@alice"),
        lambda: edit_message(acting(alice), room.id, 6, body="@bob"),
        lambda: add_reaction(acting(bob), room.id, 4, emoji="👍"),
        lambda: delete_message(acting(alice), room.id, 5),
        lambda: erase(Room.objects.get().pk, lambda _: Q(seq=4), renew=lambda: None),
    ):
        change()
        assert stored(room) == expected(room)
    assert len(stored(room)) == 2


def test_a_person_who_was_mentioned_may_be_deleted(
    alice: User, bob: User, mentioning: RoomPayload
) -> None:
    bob.delete()
    add_reaction(acting(alice), mentioning.id, 3, emoji="👍")
    assert read_by(alice, mentioning).mentions == 0


def test_the_migration_makes_rows_for_the_mentions_there_are(
    alice: User, mentioning: RoomPayload
) -> None:
    delete_message(acting(alice), mentioning.id, 3)
    before = stored(mentioning)
    Mention.objects.all().delete()
    [file] = Path(chat.migrations.__path__[0]).glob("*_mentions.py")
    migration = import_module(f"chat.migrations.{file.stem}")
    # A real schema editor refuses to work inside a test's transaction on SQLite.
    editor = SimpleNamespace(connection=connection, execute=connection.cursor().execute)
    migration._fill(None, editor)
    assert stored(mentioning) == before == expected(mentioning)


# --- Nothing is counted while a row is held ------------------------------------------


def _accept(alice: User, bob: User, room: str) -> object:
    link = invitations.make_link(acting(alice), room, expires_in=60, max_uses=None)
    return invitations.accept_link(acting(bob), str(link.code))


COUNTING: dict[str, Callable[[User, User, str], object]] = {
    "reading": lambda a, b, room: reads.mark_read(acting(b), room, 1),
    "notifications": lambda a, b, room: notifications.set_level(
        acting(b), room, "none"
    ),
    "joining again": lambda a, b, room: memberships.join_room(acting(b), room),
    "a link": _accept,
    "the topic": lambda a, b, room: update_room(acting(a), room, {"topic": "Tea"}),
    "a role": lambda a, b, room: members.change_role(
        acting(a), room, str(b.pk), "moderator"
    ),
    "a mute": lambda a, b, room: members.mute_member(acting(a), room, str(b.pk), 60),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", COUNTING)
def test_counting_unread_messages_holds_no_transaction(
    alice: User, bob: User, room: RoomPayload, name: str
) -> None:
    counts = 0

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal counts
        if "COUNT(*)" in sql and "chat_mention" in sql:
            counts += 1
            assert not connection.in_atomic_block
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        COUNTING[name](alice, bob, room.id)
    assert counts


@pytest.mark.django_db(transaction=True)
def test_a_person_removed_in_the_meantime_is_told_nothing_of_the_room(
    alice: User, bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    member = Membership.objects.get(user=bob)
    members.remove_member(acting(alice), room.id, str(bob.pk))
    published.clear()
    assert rooms.own_room(member) is None
    assert rooms.read_state(member) == ReadPayload(1, 0, 0)
    assert to_person(published, bob) == []
