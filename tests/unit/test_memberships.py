"""Joining and leaving, each with its place in the room's log."""

import pytest

from accounts.models import User
from chat.actions.memberships import join_room, leave_room
from chat.actions.rooms import create_room
from chat.errors import RoomNotFound
from chat.models import Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.errors import Conflict, Forbidden
from tests.people import acting


def events(room: RoomPayload) -> list[tuple[int, str, str | None]]:
    rows = Message.objects.filter(room_id=room.id).order_by("seq")
    return [(m.seq, m.event["type"], m.event.get("user")) for m in rows if m.event]


def is_member(user: User, room: RoomPayload) -> bool:
    return Membership.objects.filter(user=user, room_id=room.id).exists()


def test_the_log_of_a_room_begins_with_its_making(
    alice: User, bob: User, room: RoomPayload
) -> None:
    assert events(room) == [
        (1, "room.created", None),
        (2, "member.joined", str(bob.pk)),
    ]
    assert [m.sender for m in Message.objects.order_by("seq")] == [alice, bob]


def test_joining_makes_a_person_a_member(charlie: User, room: RoomPayload) -> None:
    joined = join_room(acting(charlie), room.id)
    assert (joined.id, joined.role, joined.head_seq) == (room.id, "member", 3)
    assert is_member(charlie, room)
    assert events(room)[-1] == (3, "member.joined", str(charlie.pk))


def test_joining_twice_is_joining_once(bob: User, room: RoomPayload) -> None:
    assert join_room(acting(bob), room.id).role == "member"
    assert len(events(room)) == 2


def test_an_owner_who_joins_stays_owner(alice: User, room: RoomPayload) -> None:
    assert join_room(acting(alice), room.id).role == "owner"


def test_nobody_joins_a_private_room(charlie: User, private_room: RoomPayload) -> None:
    with pytest.raises(RoomNotFound):
        join_room(acting(charlie), private_room.id)
    assert not is_member(charlie, private_room)
    assert len(events(private_room)) == 1


def test_only_staff_join_a_staff_room(charlie: User, staff_room: RoomPayload) -> None:
    with pytest.raises(RoomNotFound):
        join_room(acting(charlie), staff_room.id)
    charlie.is_staff = True
    charlie.save()
    assert join_room(acting(charlie), staff_room.id).role == "member"


def test_leaving_ends_the_membership(bob: User, room: RoomPayload) -> None:
    left = leave_room(acting(bob), room.id)
    assert (left.role, left.head_seq) == (None, 3)
    assert not is_member(bob, room)
    assert events(room)[-1] == (3, "member.left", str(bob.pk))


def test_an_outsider_may_leave_a_room_that_they_never_joined(
    charlie: User, room: RoomPayload
) -> None:
    assert leave_room(acting(charlie), room.id).role is None
    assert len(events(room)) == 2


def test_a_person_does_not_leave_a_hidden_room(
    charlie: User, private_room: RoomPayload
) -> None:
    with pytest.raises(RoomNotFound):
        leave_room(acting(charlie), private_room.id)


def test_the_last_owner_stays(alice: User, room: RoomPayload) -> None:
    with pytest.raises(Forbidden):
        leave_room(acting(alice), room.id)
    assert is_member(alice, room)
    assert len(events(room)) == 2


def test_an_owner_leaves_when_there_is_another(
    alice: User, bob: User, room: RoomPayload
) -> None:
    Membership.objects.filter(user=bob).update(role="owner")
    assert leave_room(acting(alice), room.id).role is None


def test_an_owner_of_another_room_does_not_count(
    alice: User, bob: User, room: RoomPayload
) -> None:
    create_room(acting(bob), name="other")
    with pytest.raises(Forbidden):
        leave_room(acting(alice), room.id)


def test_a_new_room_has_the_settings_it_was_made_with(dora: User) -> None:
    made = create_room(
        acting(dora), name="N", kind="private", topic="T", staff_only=True
    )
    stored = Room.objects.get()
    assert (stored.name, stored.kind, stored.topic) == ("N", "private", "T")
    assert stored.staff_only
    assert (made.role, made.head_seq, made.epoch) == ("owner", 1, stored.epoch)


def test_a_public_rooms_name_is_taken_in_upper_and_lower_case(
    alice: User, room: RoomPayload
) -> None:
    with pytest.raises(Conflict):
        create_room(acting(alice), name="GENERAL")
    assert Room.objects.count() == 1


def test_private_rooms_may_share_a_name(alice: User, private_room: RoomPayload) -> None:
    create_room(acting(alice), name="attic", kind="private")
    create_room(acting(alice), name="attic")
    assert Room.objects.filter(name="attic").count() == 3


def test_each_room_has_its_own_epoch(alice: User) -> None:
    epochs = {create_room(acting(alice), name=f"{n}").epoch for n in range(5)}
    assert len(epochs) == 5
