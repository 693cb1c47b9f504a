"""The rooms of a deleted account: who gets them, and which go."""

import pytest

from accounts.models import User
from chat import leases, queries
from chat.actions import departures, erasing
from chat.actions.departures import depart, take_up_departures
from chat.actions.direct import create_group, open_direct
from chat.actions.memberships import join_room
from chat.actions.rooms import create_room
from chat.models import (
    Departure,
    Lease,
    Membership,
    Room,
)
from chat.payloads.rooms import RoomPayload
from chat.payloads.system_events import SystemMemberLeft, SystemMemberRoleChanged
from chat.queries.messages import history
from core.jobs import Job
from tests.people import acting, person

from .departing import close, gone, roles, said, say

pytestmark = pytest.mark.usefixtures("without_pauses", "started")


def test_the_oldest_moderator_gets_the_room_else_the_oldest_member(
    alice: User, bob: User, charlie: User
) -> None:
    rooms = [create_room(acting(alice), name=name) for name in ("one", "two", "three")]
    for room in rooms:
        for member in (bob, charlie, person(f"late-{room.name}")):
            join_room(acting(member), room.id)
    first, second, third = rooms
    moderators = Membership.objects.filter(room_id=first.id, user__username="late-one")
    moderators.update(role="moderator")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    Membership.objects.filter(room_id=third.id, user=charlie).update(role="owner")
    gone(alice)
    assert roles(first) == {"bob": "member", "charlie": "member", "late-one": "owner"}
    # bob came first, but is deactivated.
    assert roles(second) == {
        "bob": "member",
        "charlie": "owner",
        "late-two": "member",
    }
    # That one had another owner: nothing is handed over.
    events = [one.event for one in history(acting(charlie), third.id).messages]
    assert events[-1] == SystemMemberLeft(str(alice.pk))
    assert not any(isinstance(one, SystemMemberRoleChanged) for one in events)
    events = [one.event for one in history(acting(charlie), second.id).messages]
    assert events[-2:] == [
        SystemMemberRoleChanged(str(charlie.pk), "owner"),
        SystemMemberLeft(str(alice.pk)),
    ]


def test_a_staff_member_gets_a_staff_room(dora: User) -> None:
    room = create_room(acting(dora), name="bridge", staff_only=True)
    former, staff = person("former"), person("erin", is_staff=True)
    for member in (former, staff):
        Membership.objects.create(room_id=room.id, user=member)
    gone(dora)
    assert roles(room) == {"former": "member", "erin": "owner"}


def test_a_room_without_members_is_deleted(alice: User, bob: User) -> None:
    alone = create_room(acting(bob), name="alone")
    private = create_room(acting(bob), name="private", kind="private")
    unowned = create_room(acting(bob), name="unowned")
    Membership.objects.filter(room_id=unowned.id).update(role="member")
    gone(bob)
    left = Room.objects.values_list("pk", flat=True)
    assert [str(pk) for pk in left] == [unowned.id]
    assert alone.id != private.id


def test_direct_rooms_and_groups_stay_for_the_others(
    alice: User, bob: User, charlie: User
) -> None:
    direct, _ = open_direct(acting(alice), "bob")
    group = create_group(acting(bob), ["alice", "charlie"])
    say(bob, direct, "between us")
    gone(bob)
    shown = queries.rooms.room(acting(alice), direct.id)
    assert {one.display_name for one in shown.people} == {"Alice", "Deleted user"}
    assert [one.body for one in said(alice, direct)] == ["between us"]
    assert set(roles(group)) == {"alice", "charlie"}
    assert "owner" in roles(group).values()
    gone(alice)
    assert not Room.objects.filter(pk=direct.id).exists()


@pytest.mark.parametrize("step", range(7))
def test_a_job_that_dies_anywhere_is_finished_by_another(
    alice: User,
    bob: User,
    room: RoomPayload,
    started: list[Job],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    """Three rooms and four batches: it ends before each of them once."""
    monkeypatch.setattr(erasing, "BATCH", 2)
    attic, cellar = (
        create_room(acting(bob), name="attic"),
        create_room(acting(bob), name="cellar"),
    )
    join_room(acting(alice), attic.id)
    join_room(acting(alice), cellar.id)
    for n in range(3):
        say(bob, room, f"hello {n}")
        say(bob, attic, f"hello {n}")
    departure = close(bob, "delete")
    steps = iter(range(step))

    def renew(lease: Lease) -> None:
        if next(steps, None) is None:
            raise SystemExit
        leases.renew(lease)

    with monkeypatch.context() as dying:
        dying.setattr(departures, "renew", renew)
        with pytest.raises(SystemExit):
            depart(departure.pk)
    assert Departure.objects.filter(finished_at=None).exists()
    take_up_departures()
    [job] = started
    job()
    assert not Departure.objects.filter(finished_at=None).exists()
    assert {one.body for one in said(alice, room) + said(alice, attic)} == {""}
    assert roles(room) == roles(attic) == roles(cellar) == {"alice": "owner"}
    for name in (room, attic, cellar):
        left = [one.event for one in history(acting(alice), name.id).messages]
        assert left.count(SystemMemberLeft(str(bob.pk))) == 1
    take_up_departures()
    assert len(started) == 1
