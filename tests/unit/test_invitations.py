"""Inviting by person and by link: who may, who gets in, who is told, what is kept."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from chat import queries
from chat.actions import bans, invitations, members, notifications
from chat.actions.direct import create_group
from chat.actions.memberships import join_room, leave_room
from chat.actions.rooms import create_room, delete_room, get_or_create_room
from chat.errors import InvitationNotFound, RoomNotFound, UserNotFound
from chat.models import Ban, Invitation, Membership, Room
from chat.payloads.rooms import RoomPayload
from chat.queries.messages import history
from core.bus.envelopes import Envelope
from core.errors import (
    Conflict,
    Forbidden,
    Refusal,
)
from tests.people import acting, person

from .envelopes import logged, to_person

committing = pytest.mark.django_db(transaction=True)


def link(
    user: User, room: RoomPayload, max_uses: int | None = None, expires_in: int = 60
) -> str:
    made = invitations.make_link(
        acting(user), room.id, expires_in=expires_in, max_uses=max_uses
    )
    return str(made.code)


def refused(job: Callable[[], object]) -> tuple[type[Refusal], str]:
    with pytest.raises(Refusal) as found:
        job()
    return type(found.value), found.value.detail


# --- By person ------------------------------------------------------------------------


def test_invited_person_sees_what_the_room_is_and_gets_in(
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


def test_log_says_who_invited(
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


def test_what_was_there_before_is_not_unread(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), private_room.id, "charlie")
    invitations.accept(acting(charlie), made.id)
    assert Membership.objects.get(user=charlie).read_seq == 1


def test_inviting_twice_is_one_invitation(alice: User, bob: User) -> None:
    room = create_room(acting(alice), name="attic", kind="private")
    first, _ = invitations.invite_person(acting(alice), room.id, "bob")
    assert invitations.invite_person(acting(alice), room.id, str(bob.pk)) == (
        first,
        False,
    )


def test_who_may_not_be_invited(
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


def test_who_may_not_invite(
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
def test_rooms_that_nobody_is_invited_to(
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


def test_moderators_invite(bob: User, charlie: User, room: RoomPayload) -> None:
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


def test_only_who_is_invited_answers(
    alice: User, bob: User, charlie: User, private_room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), private_room.id, "charlie")
    for job in (invitations.accept, invitations.decline):
        for invitation_id in (made.id, "nonsense", "\0", str(bob.pk)):
            found = refused(partial(job, acting(bob), invitation_id))
            assert found == (InvitationNotFound, InvitationNotFound.detail)
    assert Invitation.objects.count() == 1


def test_invitation_of_another_room_is_not_revoked(
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
def test_invitation_that_is_no_longer_good_is_not_there(
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


def test_ban_is_final_for_an_invitation(
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
def test_invited_person_is_told_of_it_and_of_its_end(
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


@committing
def test_who_accepts_is_told_of_the_room(
    alice: User, charlie: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    code = link(alice, private_room)
    published.clear()
    invitations.accept_link(acting(charlie), code)
    [added] = to_person(published, charlie)
    assert (added["type"], added["room"]["head_seq"]) == ("room.added", 2)


# --- By link --------------------------------------------------------------------------


def test_link_lets_in_whoever_has_it(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room, max_uses=2)
    preview = queries.invitations.preview(acting(charlie), code)
    assert (preview.room.name, preview.member_count) == ("attic", 1)
    assert preview.inviter.username == "alice"
    assert invitations.accept_link(acting(charlie), code).role == "member"
    assert logged(private_room)[-1]["invited_by"] == str(alice.pk)
    [shown] = queries.invitations.invitations(acting(alice), private_room.id)
    assert (shown.uses, shown.max_uses, shown.person) == (1, 2, None)


def test_code_is_long_and_only_its_hash_is_kept(
    alice: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room)
    assert len(code) == 22
    [row] = Invitation.objects.values()
    assert code not in str(row)
    assert row["code_hash"] == sha256(code.encode()).hexdigest()
    assert code not in str(
        queries.invitations.invitations(acting(alice), private_room.id)
    )


def test_link_is_used_up(alice: User, charlie: User, private_room: RoomPayload) -> None:
    code = link(alice, private_room, max_uses=1)
    invitations.accept_link(acting(charlie), code)
    erin = person("erin")
    assert (
        refused(lambda: invitations.accept_link(acting(erin), code))[0]
        is InvitationNotFound
    )
    assert not Membership.objects.filter(user=erin).exists()


def test_member_comes_again_and_no_use_is_counted(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room, max_uses=1)
    first = invitations.accept_link(acting(charlie), code)
    assert invitations.accept_link(acting(charlie), code) == first
    assert invitations.accept_link(acting(alice), code).role == "owner"
    assert Invitation.objects.get().uses == 1
    assert Room.objects.get().head_seq == 2


def test_who_left_comes_back_for_one_more_use(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room, max_uses=2)
    for _ in range(2):
        invitations.accept_link(acting(charlie), code)
        leave_room(acting(charlie), private_room.id)
    found = refused(lambda: invitations.accept_link(acting(charlie), code))
    assert found[0] is InvitationNotFound


def expire(room: RoomPayload, user: User) -> object:
    return Invitation.objects.update(expires_at=timezone.now())


@pytest.mark.parametrize(
    "change",
    [
        expire,
        lambda room, user: Invitation.objects.update(max_uses=1, uses=1),
        lambda room, user: Invitation.objects.all().delete(),
        lambda room, user: Room.objects.update(archived_at=timezone.now()),
        lambda room, user: Room.objects.update(staff_only=True),
        lambda room, user: Ban.objects.create(room_id=room.id, user=user),
        lambda room, user: Room.objects.all().delete(),
    ],
    ids=[
        "expired",
        "used up",
        "revoked",
        "archived",
        "staff only",
        "banned",
        "deleted",
    ],
)
def test_link_that_lets_nobody_in_answers_as_an_unknown_one(
    alice: User, charlie: User, private_room: RoomPayload, change: Callable[..., object]
) -> None:
    code = link(alice, private_room)
    change(private_room, charlie)
    for job in (queries.invitations.preview, invitations.accept_link):
        unknown = refused(partial(job, acting(charlie), "nobodyknowsthis"))
        assert unknown == (InvitationNotFound, InvitationNotFound.detail)
        assert refused(partial(job, acting(charlie), code)) == unknown
    assert not Membership.objects.filter(user=charlie).exists()


def test_staff_member_enters_a_staff_room_by_link(dora: User) -> None:
    room = create_room(acting(dora), name="bridge", kind="private", staff_only=True)
    erin = person("erin", is_staff=True)
    assert invitations.accept_link(acting(erin), link(dora, room)).role == "member"


def test_expired_links_are_not_shown_and_then_forgotten(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    link(alice, room)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    link(alice, room)
    invitations.invite_person(acting(alice), room.id, "charlie")
    assert len(queries.invitations.invitations(acting(alice), room.id)) == 2
    invitations.forget_expired()
    assert Invitation.objects.count() == 2


def test_lists_do_not_ask_more_for_more(
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
        with django_assert_num_queries(3):
            assert queries.invitations.invitations(acting(alice), room.id)
        with django_assert_num_queries(1):
            assert queries.invitations.received(acting(charlie))


# --- Notification levels and rooms made by visiting -----------------------------------


@committing
def test_level_is_ones_own_and_reaches_ones_devices(
    alice: User, bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    changed: Any = notifications.set_level(acting(bob), room.id, "none")
    assert (changed.notify, changed.role) == ("none", "member")
    [told] = to_person(published, bob)
    assert (told["type"], told["room"]["notify"]) == ("room.added", "none")
    assert queries.rooms.room(acting(alice), room.id).notify == "all"
    published.clear()
    notifications.set_level(acting(bob), room.id, "none")
    assert published == []


def test_unread_is_counted_with_none(alice: User, bob: User, talk: RoomPayload) -> None:
    notifications.set_level(acting(bob), talk.id, "none")
    [listed] = queries.rooms.rooms_of(acting(bob))
    assert listed.notify == "none"
    assert listed.read is not None
    assert listed.read.unread == 2


def test_rooms_are_not_made_by_visiting_where_that_is_off(
    alice: User, bob: User, charlie: User, room: RoomPayload, settings: Settings
) -> None:
    create_room(acting(person("erin", is_staff=True)), name="bridge", staff_only=True)
    settings.ALLOW_GET_OR_CREATE = False
    joined, made = get_or_create_room(acting(charlie), name="General")
    assert (joined.id, joined.role, made) == (room.id, "member", False)
    missing = refused(lambda: get_or_create_room(acting(charlie), name="new"))
    assert missing[0] is Forbidden
    assert (
        refused(lambda: get_or_create_room(acting(charlie), name="bridge")) == missing
    )
    assert Room.objects.count() == 2
    assert create_room(acting(charlie), name="new").role == "owner"


def test_link_into_a_full_group_lets_nobody_in(alice: User) -> None:
    names = [str(person(f"one-of-{number}").pk) for number in range(9)]
    group = create_group(acting(alice), names)
    code = link(alice, group)
    with pytest.raises(InvitationNotFound):
        invitations.accept_link(acting(person("eleventh")), code)
