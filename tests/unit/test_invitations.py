"""Inviting by person and by link: who may, who gets in, who is told, what is kept."""

from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import queries
from chat.actions import bans, invitations, members
from chat.actions.memberships import join_room
from chat.actions.rooms import create_room, delete_room
from chat.errors import InvitationNotFound, RoomNotFound, UserNotFound
from chat.models import Ban, Invitation, Membership, Room
from chat.payloads.rooms import RoomPayload
from chat.queries.messages import history
from core.bus.envelopes import Envelope
from core.errors import (
    Conflict,
    Forbidden,
)
from tests.people import acting, person

from .envelopes import logged, to_person
from .inviting import link, refused

committing = pytest.mark.django_db(transaction=True)


# --- By person ------------------------------------------------------------------------


def test_an_invited_person_sees_the_rooms_name_and_gets_in(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    made, is_new = invitations.invite_person(acting(alice), private_room.id, "charlie")
    assert (is_new, made.person and made.person.username) == (True, "charlie")
    [received] = queries.invitations.received(acting(charlie))
    assert (received.id, received.room.name) == (made.id, "attic")
    with pytest.raises(RoomNotFound):
        queries.rooms.room(acting(charlie), private_room.id)
    room = invitations.accept(acting(charlie), made.id)
    assert (room.id, room.role, room.head_seq) == (private_room.id, "member", 2)
    assert queries.invitations.received(acting(charlie)) == []


def test_the_log_says_who_invited_the_newcomer(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), private_room.id, "charlie")
    invitations.accept(acting(charlie), made.id)
    assert logged(private_room)[-1] == {
        "type": "member.joined",
        "user": str(charlie.pk),
        "invited_by": str(alice.pk),
    }
    last = history(acting(alice), private_room.id).messages[-1]
    assert last.sender is not None
    assert last.sender.username == "charlie"


def test_messages_from_before_are_not_unread_for_the_newcomer(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), private_room.id, "charlie")
    invitations.accept(acting(charlie), made.id)
    assert Membership.objects.get(user=charlie).read_seq == 1


def test_inviting_somebody_twice_makes_one_invitation(alice: User, bob: User) -> None:
    room = create_room(acting(alice), name="attic", kind="private")
    first, _ = invitations.invite_person(acting(alice), room.id, "bob")
    assert invitations.invite_person(acting(alice), room.id, str(bob.pk)) == (
        first,
        False,
    )


def test_members_banned_and_inactive_people_are_not_invited(
    alice: User, bob: User, charlie: User, dora: User, room: RoomPayload
) -> None:
    staff = create_room(acting(dora), name="bridge", staff_only=True)
    Ban.objects.create(room_id=room.id, user=charlie)
    User.objects.filter(pk=person("erin").pk).update(is_active=False)
    invite = invitations.invite_person
    assert refused(lambda: invite(acting(alice), room.id, "bob"))[0] is Conflict
    assert refused(lambda: invite(acting(alice), room.id, "charlie"))[0] is Forbidden
    assert refused(lambda: invite(acting(alice), room.id, "erin"))[0] is UserNotFound
    assert refused(lambda: invite(acting(dora), staff.id, "bob"))[0] is Forbidden
    assert Invitation.objects.count() == 0


def test_members_and_outsiders_do_not_invite(
    alice: User, bob: User, charlie: User, room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), room.id, "charlie")
    for user in (bob, person("erin")):
        jobs: list[Callable[[], object]] = [
            partial(invitations.invite_person, acting(user), room.id, "charlie"),
            partial(link, user, room),
            partial(invitations.revoke, acting(user), room.id, made.id),
            partial(queries.invitations.invitations, acting(user), room.id),
        ]
        assert [refused(job)[0] for job in jobs] == [Forbidden] * 4
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize("kind", ["archived", "direct"])
def test_nobody_is_invited_to_an_archived_or_a_direct_room(
    alice: User, bob: User, charlie: User, room: RoomPayload, kind: str
) -> None:
    if kind == "archived":
        Room.objects.update(archived_at=timezone.now())
    else:
        Room.objects.update(kind="direct")
        Membership.objects.update(role="member")
    assert refused(lambda: link(alice, room))[0] is Forbidden
    invite = partial(invitations.invite_person, acting(alice), room.id, "charlie")
    assert refused(invite)[0] is Forbidden


def test_a_moderator_invites_and_takes_the_invitation_back(
    bob: User, charlie: User, room: RoomPayload
) -> None:
    Membership.objects.filter(user=bob).update(role="moderator")
    made, _ = invitations.invite_person(acting(bob), room.id, "charlie")
    assert [i.id for i in queries.invitations.invitations(acting(bob), room.id)] == [
        made.id
    ]
    invitations.revoke(acting(bob), room.id, made.id)
    assert (
        refused(lambda: invitations.accept(acting(charlie), made.id))[0]
        is InvitationNotFound
    )


def test_only_the_invited_person_answers_an_invitation(
    alice: User, bob: User, charlie: User, private_room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), private_room.id, "charlie")
    for job in (invitations.accept, invitations.decline):
        for invitation_id in (made.id, "nonsense", "\0", str(bob.pk)):
            found = refused(partial(job, acting(bob), invitation_id))
            assert found == (InvitationNotFound, InvitationNotFound.detail)
    assert Invitation.objects.count() == 1


def test_an_owner_does_not_revoke_an_invitation_of_another_room(
    alice: User, bob: User, charlie: User, room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), room.id, "charlie")
    other = create_room(acting(bob), name="other")
    found = refused(lambda: invitations.revoke(acting(bob), other.id, made.id))
    assert found[0] is InvitationNotFound
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda room, user: Room.objects.update(archived_at=timezone.now()),
        lambda room, user: Room.objects.update(staff_only=True),
        lambda room, user: bans.ban(acting(user), room.id, str(_id("charlie"))),
        lambda room, user: delete_room(acting(user), room.id),
    ],
    ids=["archived", "staff only", "banned", "deleted"],
)
def test_an_invitation_that_lets_nobody_in_is_not_found(
    alice: User, charlie: User, room: RoomPayload, change: Callable[..., object]
) -> None:
    made, _ = invitations.invite_person(acting(alice), room.id, "charlie")
    change(room, alice)
    assert queries.invitations.received(acting(charlie)) == []
    found = refused(lambda: invitations.accept(acting(charlie), made.id))
    assert found == (InvitationNotFound, InvitationNotFound.detail)
    assert not Membership.objects.filter(user=charlie).exists()


def _id(username: str) -> object:
    return User.objects.get(username=username).pk


def test_a_ban_deletes_the_invitation_for_good(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    invitations.invite_person(acting(alice), room.id, "charlie")
    bans.ban(acting(alice), room.id, str(charlie.pk))
    bans.unban(acting(alice), room.id, str(charlie.pk))
    assert queries.invitations.received(acting(charlie)) == []


# --- Who is told ----------------------------------------------------------------------


ENDINGS: list[Callable[[User, User, str, str], object]] = [
    lambda owner, guest, room, pk: invitations.accept(acting(guest), pk),
    lambda owner, guest, room, pk: invitations.decline(acting(guest), pk),
    lambda owner, guest, room, pk: invitations.revoke(acting(owner), room, pk),
    lambda owner, guest, room, pk: join_room(acting(guest), room),
    lambda owner, guest, room, pk: members.add_member(acting(owner), room, "charlie"),
    lambda owner, guest, room, pk: bans.ban(acting(owner), room, str(guest.pk)),
    lambda owner, guest, room, pk: delete_room(acting(owner), room),
]


@committing
@pytest.mark.parametrize("end", ENDINGS)
def test_an_invited_person_is_told_of_the_invitation_and_its_end(
    alice: User,
    charlie: User,
    room: RoomPayload,
    published: list[Envelope],
    end: Callable[[User, User, str, str], object],
) -> None:
    published.clear()
    made, _ = invitations.invite_person(acting(alice), room.id, "charlie")
    [told] = to_person(published, charlie)
    assert told["type"] == "invitation.created"
    assert told["invitation"]["id"] == made.id
    assert told["invitation"]["room"] == {
        "id": room.id,
        "kind": "public",
        "name": "general",
        "topic": "",
    }
    published.clear()
    end(alice, charlie, room.id, made.id)
    ended = [e for e in to_person(published, charlie) if "invitation" in e]
    assert ended == [{"type": "invitation.deleted", "invitation": made.id}]
    assert Invitation.objects.count() == 0


def test_lists_take_as_many_queries_for_many_invitations_as_for_one(
    alice: User,
    charlie: User,
    room: RoomPayload,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for count in range(3):
        other = create_room(acting(alice), name=f"r{count}")
        invitations.invite_person(acting(alice), other.id, "charlie")
        invitations.invite_person(acting(alice), room.id, person(f"p{count}").username)
        link(alice, room)
        with django_assert_num_queries(2):
            assert queries.invitations.invitations(acting(alice), room.id)
        with django_assert_num_queries(1):
            assert queries.invitations.received(acting(charlie))
