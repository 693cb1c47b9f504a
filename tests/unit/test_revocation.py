"""Every write looks anew at who came in: their session, their version, their rights."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from accounts import passwords, revocation, sessions, tokens
from accounts.actor import Actor, Kind, Scope, from_session
from accounts.models import Session, User
from chat.actions import (
    avatars,
    bans,
    blocks,
    direct,
    invitations,
    members,
    memberships,
    messages,
    notifications,
    pins,
    profile,
    reactions,
    reads,
    rooms,
)
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Ban, Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.errors import Unauthorized
from tests.people import acting

pytestmark = pytest.mark.django_db(transaction=True)

Write = Callable[[Actor, str, User], object]

# Each as alice, the owner of a room in which bob wrote message 3 and she message 4.
WRITES: dict[str, Write] = {
    "send": lambda u, room, _: messages.send_message(
        u, room, client_id="1", body="hello"
    ),
    "edit": lambda u, room, _: messages.edit_message(u, room, 4, body="other"),
    "delete": lambda u, room, _: messages.delete_message(u, room, 3),
    "pin": lambda u, room, _: pins.pin_message(u, room, 3, pinned=True),
    "react": lambda u, room, _: reactions.add_reaction(u, room, 3, emoji="👍"),
    "take a reaction back": lambda u, room, _: reactions.remove_reaction(
        u, room, 3, emoji="👍"
    ),
    "read": lambda u, room, _: reads.mark_read(u, room, 3),
    "unread": lambda u, room, _: reads.mark_unread(u, room, 1),
    "join": lambda u, room, _: memberships.join_room(u, room),
    "leave": lambda u, room, _: memberships.leave_room(u, room),
    "make a room": lambda u, room, _: rooms.create_room(u, name="new"),
    "change a room": lambda u, room, _: rooms.update_room(u, room, {"topic": "t"}),
    "delete a room": lambda u, room, _: rooms.delete_room(u, room),
    "write to one": lambda u, room, bob: direct.open_direct(u, str(bob.pk)),
    "make a group": lambda u, room, bob: direct.create_group(u, [str(bob.pk)]),
    "add": lambda u, room, bob: members.add_member(u, room, str(bob.pk)),
    "role": lambda u, room, bob: members.change_role(u, room, str(bob.pk), "moderator"),
    "remove": lambda u, room, bob: members.remove_member(u, room, str(bob.pk)),
    "mute": lambda u, room, bob: members.mute_member(u, room, str(bob.pk), 60),
    "unmute": lambda u, room, bob: members.unmute_member(u, room, str(bob.pk)),
    "ban": lambda u, room, bob: bans.ban(u, room, str(bob.pk)),
    "unban": lambda u, room, bob: bans.unban(u, room, str(bob.pk)),
    "block": lambda u, room, bob: blocks.block(u, str(bob.pk)),
    "unblock": lambda u, room, bob: blocks.unblock(u, str(bob.pk)),
    "invite": lambda u, room, _: invitations.make_link(
        u, room, expires_in=60, max_uses=1
    ),
    "level": lambda u, room, _: notifications.set_level(u, room, "none"),
    "picture": lambda u, *_: avatars.remove_avatar(u),
    "profile": lambda u, *_: profile.change_profile(u, {"display_name": "Other"}),
    "password": lambda u, *_: passwords.change_password(
        u,
        current_password="trombone-42",
        new_password="tuba-43-tuba",
        user_agent="",
    ),
    "log out": lambda u, *_: sessions.log_out(u, u.session_id),
    "log out everywhere": lambda u, *_: sessions.log_out_everywhere(u),
}
REVOKED: dict[str, Callable[[Actor], object]] = {
    "the session ended": lambda u: Session.objects.filter(user=u.user).update(
        ended_at=timezone.now()
    ),
    "the version rose": lambda u: User.objects.filter(pk=u.id).update(token_version=2),
    "disabled": lambda u: User.objects.filter(pk=u.id).update(is_active=False),
}


@pytest.fixture
def came_in(alice: User) -> Actor:
    """Alice as a door hands her on; what happens next, she does not know."""
    alice.set_password("trombone-42")
    alice.save()
    return tokens.verify_access(tokens.start_session(alice).access).actor


@pytest.fixture
def talked(came_in: Actor, bob: User, room: RoomPayload) -> str:
    append([Draft(room.id, acting(bob), "hello"), Draft(room.id, came_in, "hello")])
    return room.id


def everything() -> list[list[Any]]:
    models: list[Any] = [User, Session, Room, Membership, Message, Ban]
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("cause", REVOKED)
@pytest.mark.parametrize("write", WRITES)
def test_a_revoked_actor_writes_nothing(
    came_in: Actor, bob: User, talked: str, write: str, cause: str
) -> None:
    REVOKED[cause](came_in)
    before = everything()
    with pytest.raises(Unauthorized):
        WRITES[write](came_in, talked, bob)
    assert everything() == before


@pytest.mark.parametrize("write", [write for write in WRITES if write != "leave"])
def test_an_actor_who_is_not_revoked_writes(
    came_in: Actor, bob: User, talked: str, write: str
) -> None:
    """Or the test above would pass for a wrong reason."""
    WRITES[write](came_in, talked, bob)


def test_a_missing_room_answers_the_revoked_as_a_hidden_one(
    came_in: Actor, talked: str
) -> None:
    REVOKED["the session ended"](came_in)
    missing = "01a1fb27-fd0a-71fd-82c3-fff019bd9000"
    for room in (talked, missing):
        with pytest.raises(Unauthorized):
            rooms.update_room(came_in, room, {"topic": "t"})
        [outcome] = append([Draft(room, came_in, "hello")])
        assert isinstance(outcome, Unauthorized)


def test_sessions_of_a_batch_are_looked_at_apart(
    came_in: Actor, alice: User, talked: str
) -> None:
    phone = tokens.verify_access(tokens.start_session(alice).access).actor
    tokens.revoke(alice, came_in.session_id or alice.pk)
    outcomes = append(
        [Draft(talked, actor, "hello") for actor in (came_in, phone, acting(alice))]
    )
    refused = [isinstance(outcome, Unauthorized) for outcome in outcomes]
    assert refused == [True, False, False]


def test_sessions_of_a_batch_take_no_query_of_their_own(
    alice: User, bob: User, talked: str, django_assert_num_queries: Any
) -> None:
    came = [
        tokens.verify_access(tokens.start_session(user).access).actor
        for user in (alice, bob) * 20
    ]
    # As many as without sessions: see test_log.py.
    with django_assert_num_queries(6):
        append([Draft(talked, actor, "x", f"{n}") for n, actor in enumerate(came)])


@pytest.fixture
def staff(dora: User) -> Actor:
    return tokens.verify_access(tokens.start_session(dora).access).actor


def test_open_sockets_of_who_is_revoked_are_found(came_in: Actor, staff: Actor) -> None:
    assert revocation.revoked([came_in, staff]) == {}
    REVOKED["the session ended"](came_in)
    assert revocation.revoked([came_in, staff]) == {came_in.session_id: False}


def test_of_the_disabled_it_is_said(came_in: Actor, staff: Actor) -> None:
    REVOKED["disabled"](came_in)
    assert revocation.revoked([came_in, staff]) == {came_in.session_id: True}


def test_an_older_version_is_found(came_in: Actor) -> None:
    REVOKED["the version rose"](came_in)
    assert revocation.revoked([came_in]) == {came_in.session_id: False}


def test_a_lost_staff_flag_is_found_and_a_new_one_is_no_loss(
    came_in: Actor, staff: Actor
) -> None:
    User.objects.filter(pk=staff.id).update(is_staff=False)
    User.objects.filter(pk=came_in.id).update(is_staff=True)
    assert revocation.revoked([came_in, staff]) == {staff.session_id: False}


def test_a_lost_superuser_flag_is_found_and_a_new_one_is_no_loss(
    came_in: Actor, dora: User
) -> None:
    User.objects.filter(pk=dora.pk).update(is_superuser=True)
    root = tokens.verify_access(tokens.start_session(dora).access).actor
    User.objects.filter(pk=root.id).update(is_superuser=False)
    User.objects.filter(pk=came_in.id).update(is_superuser=True)
    assert revocation.revoked([came_in, root]) == {root.session_id: False}


def test_a_later_socket_of_the_session_does_not_hide_the_loss(staff: Actor) -> None:
    User.objects.filter(pk=staff.id).update(is_staff=False)
    later = staff.as_now(User.objects.get(pk=staff.id))
    assert revocation.revoked([staff, later]) == {staff.session_id: False}


def test_a_session_that_is_no_more_is_ended(came_in: Actor) -> None:
    came_in.user.delete()
    with pytest.raises(ObjectDoesNotExist):
        User.objects.get(username="alice")
    assert revocation.revoked([came_in]) == {came_in.session_id: False}


def test_thousands_of_sockets_take_one_query(
    came_in: Actor, django_assert_num_queries: Any
) -> None:
    crowd = [came_in]
    for _ in range(1000):
        somebody = User(username="x")
        crowd.append(from_session(somebody, somebody.pk))
    with django_assert_num_queries(1):
        found = revocation.revoked(crowd)
    assert len(found) == 1000
    assert came_in.session_id not in found


def test_an_actor_of_a_session_has_one(alice: User) -> None:
    for kind in (Kind.SESSION, Kind.GUEST):
        with pytest.raises(ValueError, match="session"):
            Actor(alice, None, frozenset(Scope), kind)


@pytest.mark.parametrize("kind", [Kind.BOT, Kind.SERVER_KEY])
def test_an_actor_without_a_session_is_refused(
    alice: User, room: RoomPayload, kind: Kind
) -> None:
    """Only the chat itself is trusted without one."""
    actor = Actor(alice, None, frozenset(Scope), kind)
    with pytest.raises(Unauthorized):
        revocation.current(actor)
    [outcome] = append([Draft(room.id, actor, "hello")])
    assert isinstance(outcome, Unauthorized)
