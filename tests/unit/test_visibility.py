"""`may_see` and `visible_rooms` are one rule, said to a row and to the database.

Over every combination of what either looks at.
"""

from itertools import product

import pytest

from accounts.models import User
from chat.access import readers
from chat.access.readers import still_reading
from chat.access.seat import Seat, seats
from chat.access.visibility import (
    audiences,
    check_read,
    may_see,
    readable_rooms,
    shut_out,
    visible_rooms,
)
from chat.actions.rooms import update_room
from chat.models import Ban, Membership, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope
from core.errors import Refusal
from tests.people import NOBODY, acting, person

from .envelopes import to_everybody

FLAGS = [False, True]


@pytest.fixture
def rooms(db: None) -> list[Room]:
    """One of each kind and each pair of flags."""
    return [
        Room.objects.create(
            kind=kind, name=f"{number}", staff_only=staff_only, guests_may_read=guests
        )
        for number, (kind, staff_only, guests) in enumerate(
            product(Room.Kind.values, FLAGS, FLAGS)
        )
    ]


@pytest.mark.parametrize("is_banned", FLAGS)
@pytest.mark.parametrize("is_member", FLAGS)
@pytest.mark.parametrize("audience", ["staff", "person", "guest"])
def test_the_query_and_the_rule_agree(
    rooms: list[Room], audience: str, is_member: bool, is_banned: bool
) -> None:
    user = _somebody(audience)
    for room in rooms:
        if is_member:
            Membership.objects.create(room=room, user=user)
        if is_banned:
            Ban.objects.create(room=room, user=user)
    found = seats(acting(user), [room.pk for room in rooms])
    seen = {seat.room.pk for seat in found if may_see(seat)}
    assert {room.pk for room in visible_rooms(acting(user))} == seen
    read = {seat.room.pk for seat in found if _may_read(seat)}
    assert {room.pk for room in readable_rooms(acting(user))} == read


def _may_read(seat: Seat) -> bool:
    try:
        check_read(seat)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("is_banned", FLAGS)
@pytest.mark.parametrize("is_member", FLAGS)
@pytest.mark.parametrize("audience", ["staff", "person", "guest"])
def test_a_reader_reads_on_exactly_while_the_rule_says_so(
    rooms: list[Room], audience: str, is_member: bool, is_banned: bool
) -> None:
    user = _somebody(audience)
    # A ban takes a member out: nobody is both.
    for room in rooms:
        if is_member:
            Membership.objects.create(room=room, user=user)
        elif is_banned:
            Ban.objects.create(room=room, user=user)
    readers = [(acting(user), str(room.pk)) for room in rooms]
    readers.append((acting(user), NOBODY))
    may_read = {
        (str(user.pk), str(seat.room.pk))
        for seat in seats(acting(user), [room.pk for room in rooms])
        if _may_read(seat)
    }
    assert still_reading(readers) == may_read


def test_readers_are_asked_about_in_bounded_queries(
    rooms: list[Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "_READERS_AT_ONCE", 3)
    people = [person(f"p{number}") for number in range(4)]
    for room in rooms:
        Membership.objects.create(room=room, user=people[0])
    pairs = [(acting(user), str(room.pk)) for user in people for room in rooms]
    reading = still_reading(pairs)
    assert {user for user, _ in reading} == {str(people[0].pk)}
    assert len(reading) == sum(not room.staff_only for room in rooms)


@pytest.mark.parametrize("is_banned", FLAGS)
@pytest.mark.parametrize("audience", ["staff", "person", "guest"])
def test_the_people_who_hear_of_a_public_room_are_those_who_see_it(
    rooms: list[Room], audience: str, is_banned: bool
) -> None:
    user = _somebody(audience)
    for room in rooms:
        if is_banned:
            Ban.objects.create(room=room, user=user)
        told = user.audience in audiences(room) and user.pk not in shut_out(room)
        assert told == may_see(Seat(acting(user), room, None))


def test_guest_sees_what_is_open_to_guests(rooms: list[Room]) -> None:
    seen = visible_rooms(acting(_somebody("guest")))
    assert [(r.kind, r.staff_only, r.guests_may_read) for r in seen] == [
        ("public", False, True)
    ]


def _somebody(audience: str) -> User:
    user = person("somebody", is_staff=audience == "staff")
    user.is_guest = audience == "guest"
    user.save()
    assert user.audience == audience
    return user


@pytest.mark.django_db(transaction=True)
def test_room_that_opens_to_guests_is_created_for_them(
    alice: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    changed = update_room(acting(alice), room.id, {"guests_may_read": True})
    assert changed.guests_may_read
    [created] = to_everybody(published, "guest")
    assert (created["type"], created["room"]["id"]) == ("room.created", room.id)
    [updated] = to_everybody(published, "staff", "person", "guest")
    assert updated["type"] == "room.updated"


@pytest.mark.django_db(transaction=True)
def test_room_that_closes_to_guests_is_deleted_for_them(
    alice: User, room: RoomPayload, published: list[Envelope]
) -> None:
    update_room(acting(alice), room.id, {"guests_may_read": True})
    published.clear()
    update_room(acting(alice), room.id, {"guests_may_read": False})
    assert to_everybody(published, "guest") == [
        {"type": "room.deleted", "room": room.id}
    ]
    [updated] = to_everybody(published)
    assert updated["type"] == "room.updated"


@pytest.mark.django_db(transaction=True)
def test_banned_are_told_nothing_of_the_room(
    alice: User, charlie: User, room: RoomPayload, published: list[Envelope]
) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    published.clear()
    update_room(acting(alice), room.id, {"topic": "t"})
    [updated] = to_everybody(published, but_not=[charlie])
    assert updated["type"] == "room.updated"
