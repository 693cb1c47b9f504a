"""Guests: they come, read what is open to them, write nothing, and are forgotten."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts import guests, passwords
from accounts.models import User
from chat import presence, queries
from chat.actions import (
    bans,
    blocks,
    direct,
    members,
    memberships,
    messages,
    pins,
    reactions,
    reads,
    rooms,
)
from chat.actions.profile import change_profile
from chat.actions.rooms import update_room
from chat.errors import RoomNotFound, UserNotFound
from chat.log.append import append_one
from chat.models import Attendance, Room
from chat.payloads.rooms import RoomPayload
from chat.queries.catching_up import CaughtUp, Resume
from chat.queries.search import search
from core.bus.envelopes import Envelope, PersonChanged
from core.errors import (
    Forbidden,
)
from tests.people import acting
from tests.unit.resuming import resumed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guest(db: None) -> User:
    return guests.make_guest()


@pytest.fixture
def open_room(alice: User, bob: User, room: RoomPayload) -> RoomPayload:
    """At 4: opened to guests, and alice said something."""
    update_room(acting(alice), room.id, {"guests_may_read": True})
    messages.send_message(acting(alice), room.id, client_id="1", body="hello")
    return room


def test_a_guest_reads_an_open_room(guest: User, open_room: RoomPayload) -> None:
    page = queries.messages.history(acting(guest), open_room.id)
    assert [message.seq for message in page.messages] == [1, 2, 3, 4]
    shown = queries.rooms.room(acting(guest), open_room.id)
    assert (shown.role, shown.guests_may_read) == (None, True)
    assert [r.id for r in queries.directory.directory(acting(guest)).rooms] == [
        open_room.id
    ]
    assert queries.rooms.rooms_of(acting(guest)) == []


def test_guest_is_not_told_how_many_are_online(
    guest: User, alice: User, open_room: RoomPayload
) -> None:
    presence.arrive("p1", alice.pk)
    [shown] = queries.directory.directory(acting(alice)).rooms
    assert (shown.member_count, shown.online_count) == (2, 1)
    [shown] = queries.directory.directory(acting(guest)).rooms
    assert (shown.member_count, shown.online_count) == (2, 0)


def test_guest_catches_up_and_is_not_told_who_is_online(
    guest: User, alice: User, open_room: RoomPayload
) -> None:
    presence.arrive("p1", alice.pk)
    resumes = [Resume(open_room.id, after=3)]
    [answer] = resumed(acting(guest), resumes).values()
    assert isinstance(answer, CaughtUp)
    assert [m.seq for m in answer.messages] == [4]
    assert answer.online == []
    [answer] = resumed(acting(alice), resumes).values()
    assert isinstance(answer, CaughtUp)
    assert answer.online == [str(alice.pk)]


@pytest.mark.parametrize("flag", [{"staff_only": True}, {"guests_may_read": False}])
def test_a_room_that_is_not_open_is_not_found_by_a_guest(
    guest: User, dora: User, flag: dict[str, bool]
) -> None:
    room = rooms.create_room(acting(dora), name="bridge", guests_may_read=True)
    Room.objects.update(**flag)
    assert queries.directory.directory(acting(guest)).rooms == []
    for read in (queries.rooms.room, queries.messages.history):
        with pytest.raises(RoomNotFound):
            read(acting(guest), room.id)


def writes(guest: User, room: str, alice: User) -> list[Callable[[], object]]:
    draft, _ = messages.prepare_send(acting(guest), room, client_id="1", body="hello")
    return [
        partial(append_one, draft),
        partial(messages.edit_message, acting(guest), room, 4, body="x"),
        partial(messages.delete_message, acting(guest), room, 4),
        partial(pins.pin_message, acting(guest), room, 4, pinned=True),
        partial(reactions.add_reaction, acting(guest), room, 4, emoji="👍"),
        partial(reads.mark_read, acting(guest), room, 4),
        partial(reads.mark_unread, acting(guest), room, 1),
        partial(memberships.join_room, acting(guest), room),
        partial(memberships.leave_room, acting(guest), room),
        partial(rooms.create_room, acting(guest), name="mine"),
        partial(rooms.get_or_create_room, acting(guest), name="general"),
        partial(rooms.update_room, acting(guest), room, {"topic": "x"}),
        partial(rooms.delete_room, acting(guest), room),
        partial(members.add_member, acting(guest), room, "alice"),
        partial(bans.ban, acting(guest), room, str(alice.pk)),
        partial(direct.open_direct, acting(guest), "alice"),
        partial(direct.create_group, acting(guest), ["alice"]),
        partial(change_profile, acting(guest), {"status": "x"}),
        partial(blocks.block, acting(guest), str(alice.pk)),
        partial(blocks.unblock, acting(guest), str(alice.pk)),
        partial(queries.people.users, acting(guest), "a"),
        partial(queries.people.profile, acting(guest), str(alice.pk)),
        partial(queries.members.members, acting(guest), room),
        partial(queries.bans.bans, acting(guest), room),
        partial(search, acting(guest), q="hello"),
        partial(search, acting(guest), q="hello", room=room),
        partial(
            passwords.change_password,
            acting(guest),
            current_password="x",
            new_password="correct horse",
            user_agent="",
        ),
    ]


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_guest_is_refused_everything_but_reading(
    guest: User, alice: User, open_room: RoomPayload, is_staff: bool
) -> None:
    User.objects.filter(pk=guest.pk).update(is_staff=is_staff)
    guest.refresh_from_db()
    for write in writes(guest, open_room.id, alice):
        with pytest.raises(Forbidden):
            write()
    assert queries.rooms.room(acting(alice), open_room.id).head_seq == 4


def test_nobody_sees_a_guest_among_people(
    guest: User, alice: User, room: RoomPayload
) -> None:
    for reference in (guest.username, str(guest.pk)):
        tries: list[Callable[[], object]] = [
            partial(direct.open_direct, acting(alice), reference),
            partial(direct.create_group, acting(alice), [reference]),
            partial(members.add_member, acting(alice), room.id, reference),
            partial(bans.ban, acting(alice), room.id, reference),
        ]
        for attempt in tries:
            with pytest.raises(UserNotFound):
                attempt()
    said = messages.send_message(
        acting(alice), room.id, client_id="1", body=f"@{guest.username}"
    )
    assert said.message.mentions == []


def test_guests_are_not_in_presence(guest: User, published: list[Envelope]) -> None:
    presence.arrive("p1", guest.pk)
    assert Attendance.objects.filter(user=guest).exists()
    presence.depart("p1", guest.pk)
    assert [e for e in published if isinstance(e, PersonChanged)] == []
    guest.refresh_from_db()
    assert guest.last_seen_at is None
