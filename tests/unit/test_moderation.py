"""Adding, removing, roles, mutes and bans: who may, what is stored, who is told."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from chat import queries
from chat.actions import bans, members
from chat.actions.memberships import join_room
from chat.errors import Muted, RoomNotFound, UserNotFound
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Ban, Membership, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope
from core.errors import Forbidden, Refusal
from tests.people import acting

from .envelopes import leavers, logged, to_person
from .moderating import member_of, of, roles

Action = Callable[[Actor, str, str], object]


committing = pytest.mark.django_db(transaction=True)


def mute(actor: Actor, room_id: str, user_id: str) -> object:
    return members.mute_member(actor, room_id, user_id, 60)


def promote(actor: Actor, room_id: str, user_id: str) -> object:
    return members.change_role(actor, room_id, user_id, "moderator")


ON_MEMBERS: list[Action] = [
    members.remove_member,
    mute,
    members.unmute_member,
    bans.ban,
]


EVERYTHING: list[Action] = [
    *ON_MEMBERS,
    members.add_member,
    bans.unban,
    promote,
]


@pytest.mark.parametrize("action", EVERYTHING)
def test_members_and_outsiders_do_nothing_to_anybody(
    bob: User, charlie: User, room: RoomPayload, action: Action
) -> None:
    other = member_of(room, "erin")
    before = roles(room)
    for user in (bob, charlie):
        with pytest.raises(Forbidden):
            action(acting(user), room.id, str(other.pk))
    assert (roles(room), Ban.objects.count()) == (before, 0)


@pytest.mark.parametrize("action", EVERYTHING)
def test_a_hidden_room_is_not_found(
    bob: User,
    charlie: User,
    room: RoomPayload,
    private_room: RoomPayload,
    staff_room: RoomPayload,
    action: Action,
) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    Membership.objects.create(room_id=staff_room.id, user=charlie, role="owner")
    for room_id in (room.id, private_room.id, staff_room.id, "nonsense"):
        with pytest.raises(RoomNotFound):
            action(acting(charlie), room_id, str(bob.pk))


@pytest.mark.parametrize("action", EVERYTHING)
def test_an_unknown_person_is_not_found(
    alice: User, room: RoomPayload, action: Action
) -> None:
    for user_id in (str(uuid4()), "nonsense", str(alice.pk).upper()):
        with pytest.raises(UserNotFound):
            action(acting(alice), room.id, user_id)
    assert logged(room, after=2) == []


@pytest.mark.parametrize("action", [promote, *ON_MEMBERS[:3]])
def test_a_person_who_is_no_member_is_not_found(
    alice: User, charlie: User, room: RoomPayload, action: Action
) -> None:
    with pytest.raises(UserNotFound):
        action(acting(alice), room.id, str(charlie.pk))


@pytest.mark.parametrize("action", ON_MEMBERS)
def test_a_moderator_acts_on_members_alone(
    mona: User, alice: User, bob: User, room: RoomPayload, action: Action
) -> None:
    other = member_of(room, "max", "moderator")
    for user in (alice, other, mona):
        with pytest.raises(Forbidden):
            action(acting(mona), room.id, str(user.pk))
    assert len(roles(room)) == 4
    action(acting(mona), room.id, str(bob.pk))


@pytest.mark.parametrize("action", ON_MEMBERS)
@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
def test_an_owner_acts_on_everybody(
    alice: User, room: RoomPayload, action: Action, role: str
) -> None:
    other = member_of(room, "erin", role)
    action(acting(alice), room.id, str(other.pk))


@pytest.mark.parametrize("action", [members.remove_member, bans.ban])
def test_the_last_owner_stays(alice: User, room: RoomPayload, action: Action) -> None:
    with pytest.raises(Forbidden):
        action(acting(alice), room.id, str(alice.pk))
    assert roles(room)["alice"] == "owner"
    assert not Ban.objects.exists()


@pytest.mark.parametrize("action", [members.remove_member, bans.ban])
@committing
def test_a_person_who_is_taken_out_receives_nothing_more(
    mona: User, bob: User, room: RoomPayload, published: list[Envelope], action: Action
) -> None:
    published.clear()
    action(acting(mona), room.id, str(bob.pk))
    assert leavers(published) == [(3, str(bob.pk))]
    assert to_person(published, bob)[0] == {"type": "room.removed", "room": room.id}
    assert "bob" not in roles(room)
    with pytest.raises(Refusal):
        append_one(Draft(room.id, acting(bob), "hello", "1"))


def test_a_removed_person_may_come_back(
    mona: User, bob: User, room: RoomPayload
) -> None:
    members.remove_member(acting(mona), room.id, str(bob.pk))
    assert logged(room, after=2) == [of(bob, "member.removed")]
    assert join_room(acting(bob), room.id).role == "member"


def test_an_owner_gives_and_takes_roles(
    alice: User, bob: User, room: RoomPayload
) -> None:
    for role in ("moderator", "owner", "owner", "member"):
        changed = members.change_role(acting(alice), room.id, str(bob.pk), role)
        assert changed.role == roles(room)["bob"] == role
    assert logged(room, after=2) == [
        of(bob, "member.role_changed", role=role)
        for role in ("moderator", "owner", "member")
    ]


def test_a_moderator_gives_no_roles(mona: User, bob: User, room: RoomPayload) -> None:
    for user in (bob, mona):
        with pytest.raises(Forbidden):
            members.change_role(acting(mona), room.id, str(user.pk), "owner")
    assert roles(room)["mona"] == "moderator"


@pytest.mark.parametrize("role", ["moderator", "member"])
def test_the_last_owner_stays_owner_until_there_is_another(
    alice: User, bob: User, room: RoomPayload, role: str
) -> None:
    with pytest.raises(Forbidden):
        members.change_role(acting(alice), room.id, str(alice.pk), role)
    assert roles(room)["alice"] == "owner"
    members.change_role(acting(alice), room.id, str(bob.pk), "owner")
    members.change_role(acting(alice), room.id, str(alice.pk), role)
    assert roles(room) == {"alice": role, "bob": "owner"}


def test_a_muted_member_reads_and_does_not_write(
    mona: User, bob: User, room: RoomPayload
) -> None:
    muted = members.mute_member(acting(mona), room.id, str(bob.pk), 60)
    assert muted.muted_until is not None
    left = muted.muted_until - timezone.now()
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)
    with pytest.raises(Muted):
        append_one(Draft(room.id, acting(bob), "hello", "1"))
    assert len(queries.messages.history(acting(bob), room.id).messages) == 3
    until = muted.muted_until.isoformat().replace("+00:00", "Z")
    assert logged(room, after=2) == [of(bob, "member.muted", until=until)]


def test_a_member_writes_again_after_their_mute_is_lifted(
    mona: User, bob: User, room: RoomPayload
) -> None:
    members.mute_member(acting(mona), room.id, str(bob.pk), 60)
    for _ in range(2):
        members.unmute_member(acting(mona), room.id, str(bob.pk))
    assert logged(room, after=3) == [of(bob, "member.unmuted")]
    assert append_one(Draft(room.id, acting(bob), "hello", "1")).message.seq == 5


def test_lifting_a_mute_that_is_over_writes_nothing(
    mona: User, bob: User, room: RoomPayload
) -> None:
    Membership.objects.filter(user=bob).update(muted_until=timezone.now())
    members.unmute_member(acting(mona), room.id, str(bob.pk))
    assert Membership.objects.get(user=bob).muted_until is None
    assert logged(room, after=2) == []


@pytest.mark.parametrize("action", EVERYTHING)
def test_nobody_manages_a_direct_room(
    alice: User, bob: User, charlie: User, action: Action
) -> None:
    room = Room.objects.create(kind="direct")
    for user in (alice, bob):
        Membership.objects.create(room=room, user=user)
    for other in (bob, charlie):
        with pytest.raises(Forbidden):
            action(acting(alice), str(room.pk), str(other.pk))
    assert room.memberships.count() == 2


def test_the_message_of_a_change_is_sent_by_the_one_who_made_it(
    mona: User, bob: User, room: RoomPayload
) -> None:
    members.remove_member(acting(mona), room.id, str(bob.pk))
    [*_, message] = queries.messages.history(acting(mona), room.id).messages
    assert message.sender is not None
    assert (message.sender.username, message.kind) == ("mona", "system")
