"""Owners, moderators and newcomers who act on each other at the same moment."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import User
from chat.actions import bans, members
from chat.actions.memberships import join_room
from chat.actions.rooms import delete_room, get_or_create_room, update_room
from chat.errors import RoomNotFound
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Ban, Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.errors import Conflict, Forbidden
from tests.people import acting

from .envelopes import logged
from .threads import at_once

Job = Callable[[], object]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two_owners(bob: User, room: RoomPayload) -> RoomPayload:
    Membership.objects.filter(user=bob).update(role="owner")
    return room


def owners(room: RoomPayload) -> int:
    return Membership.objects.filter(room_id=room.id, role="owner").count()


def test_two_owners_who_demote_each_other_leave_one(
    alice: User, bob: User, two_owners: RoomPayload
) -> None:
    demote = partial(members.change_role, room_id=two_owners.id, role="member")
    outcomes = at_once(
        [
            partial(demote, acting(alice), user_id=str(bob.pk)),
            partial(demote, acting(bob), user_id=str(alice.pk)),
        ]
    )
    assert owners(two_owners) == 1
    assert [type(o) for o in outcomes if isinstance(o, Exception)] == [Forbidden]


def test_two_owners_who_ban_each_other_leave_one(
    alice: User, bob: User, two_owners: RoomPayload
) -> None:
    outcomes = at_once(
        [
            partial(bans.ban, acting(alice), two_owners.id, str(bob.pk)),
            partial(bans.ban, acting(bob), two_owners.id, str(alice.pk)),
        ]
    )
    assert (owners(two_owners), Ban.objects.count()) == (1, 1)
    assert [type(o) for o in outcomes if isinstance(o, Exception)] == [RoomNotFound]


def test_two_owners_who_give_up_at_once_leave_one(
    alice: User, bob: User, two_owners: RoomPayload
) -> None:
    give_up = partial(members.change_role, room_id=two_owners.id, role="member")
    at_once(
        [partial(give_up, acting(user), user_id=str(user.pk)) for user in (alice, bob)]
    )
    assert owners(two_owners) == 1


def test_somebody_added_many_times_at_once_is_added_once(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    add = partial(members.add_member, acting(alice), room.id, "charlie")
    jobs: list[Job] = [add, partial(join_room, acting(charlie), room.id)]
    outcomes = at_once(jobs * 4)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert Membership.objects.filter(user=charlie).count() == 1
    assert len(logged(room, after=2)) == 1


def test_ban_and_joining_at_once_leave_a_banned_outsider(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    ban = partial(bans.ban, acting(alice), room.id, str(charlie.pk))
    jobs: list[Job] = [ban, *[partial(join_room, acting(charlie), room.id)] * 4]
    at_once(jobs)
    assert Ban.objects.count() == 1
    assert not Membership.objects.filter(user=charlie).exists()


def test_a_removed_member_writes_nothing_after_the_removal(
    alice: User, bob: User, room: RoomPayload
) -> None:
    drafts = [Draft(room.id, acting(bob), "hello", str(n)) for n in range(6)]
    remove = partial(members.remove_member, acting(alice), room.id, str(bob.pk))
    jobs: list[Job] = [remove, *[partial(append_one, draft) for draft in drafts]]
    at_once(jobs)
    last = Message.objects.order_by("-seq")[0]
    assert last.event == {"type": "member.removed", "user": str(bob.pk)}
    assert Room.objects.get().head_seq == last.seq == Message.objects.count()


def test_first_visitors_at_once_make_one_room(alice: User, bob: User) -> None:
    visits = [
        partial(get_or_create_room, acting(user), name="lobby") for user in (alice, bob)
    ]
    outcomes = at_once(visits * 4)
    opened = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    assert len(opened) == 8
    assert sum(made for _, made in opened) == 1
    assert (Room.objects.count(), Membership.objects.count()) == (1, 2)


def test_changes_at_once_keep_the_log_without_gaps(
    alice: User, bob: User, room: RoomPayload
) -> None:
    renames = [
        partial(update_room, acting(alice), room.id, {"topic": f"{n}"}) for n in (1, 2)
    ]
    sends = [
        partial(append_one, Draft(room.id, acting(bob), "x", f"{n}")) for n in range(6)
    ]
    jobs: list[Job] = [*renames, *sends]
    at_once(jobs)
    numbers = Message.objects.order_by("seq").values_list("seq", flat=True)
    assert list(numbers) == list(range(1, 11))
    assert Room.objects.get().head_seq == 10


def test_deleting_a_room_takes_the_messages_that_are_being_written_with_it(
    alice: User, bob: User, room: RoomPayload
) -> None:
    sends = [
        partial(append_one, Draft(room.id, acting(bob), "x", f"{n}")) for n in range(6)
    ]
    jobs: list[Job] = [*sends, partial(delete_room, acting(alice), room.id)]
    outcomes = at_once(jobs)
    refused = {type(o) for o in outcomes if isinstance(o, Exception)}
    assert refused <= {RoomNotFound}
    assert not Message.objects.exists()


def test_one_of_two_rooms_gets_the_name(alice: User, room: RoomPayload) -> None:
    rooms = [get_or_create_room(acting(alice), name=name)[0] for name in ("one", "two")]
    jobs = [partial(update_room, acting(alice), r.id, {"name": "Prize"}) for r in rooms]
    outcomes = at_once(jobs)
    assert [type(o) for o in outcomes if isinstance(o, Exception)] == [Conflict]
    assert Room.objects.filter(name="Prize").count() == 1
