"""A token that lacks a scope is refused everything that the scope stands for."""

from collections.abc import Callable

import pytest

from accounts.actor import Actor, Kind, Scope, system
from accounts.models import User
from chat import queries
from chat.access.rooms import access_room
from chat.actions import (
    bans,
    direct,
    invitations,
    members,
    memberships,
    messages,
    pins,
    reactions,
    rooms,
)
from chat.log.append import append
from chat.log.draft import Draft
from chat.payloads.rooms import RoomPayload
from core.errors import Forbidden
from tests.people import acting

pytestmark = pytest.mark.django_db

Act = Callable[[Actor, str], object]

# Each as alice, who owns the room and wrote its second message.
NEEDS: dict[Scope, dict[str, Act]] = {
    Scope.READ: {
        "see": access_room,
        "history": queries.messages.history,
        "room": queries.rooms.room,
        "members": queries.members.members,
        "rooms": lambda actor, _: queries.rooms.rooms_of(actor),
        "directory": lambda actor, _: queries.directory.directory(actor),
    },
    Scope.WRITE: {
        "send": lambda actor, room: messages.send_message(
            actor, room, client_id="x", body="hello"
        ),
        "edit": lambda actor, room: messages.edit_message(actor, room, 2, body="new"),
        "delete": lambda actor, room: messages.delete_message(actor, room, 2),
        "react": lambda actor, room: reactions.add_reaction(actor, room, 2, emoji="👍"),
    },
    Scope.ROOMS: {
        "create": lambda actor, _: rooms.create_room(actor, name="other"),
        "update": lambda actor, room: rooms.update_room(actor, room, {"topic": "t"}),
        "delete": rooms.delete_room,
        "join": memberships.join_room,
        "leave": memberships.leave_room,
        "add": lambda actor, room: members.add_member(actor, room, "bob"),
        "ban": lambda actor, room: bans.ban(actor, room, "nobody"),
        "pin": lambda actor, room: pins.pin_message(actor, room, 2, pinned=True),
        "group": lambda actor, _: direct.create_group(actor, ["bob"]),
        "invite": lambda actor, room: invitations.invite_person(actor, room, "bob"),
    },
}
CASES = [(scope, name) for scope, acts in NEEDS.items() for name in acts]


@pytest.fixture
def talked(alice: User, bob: User, room: RoomPayload) -> str:
    append([Draft(room.id, acting(alice), "hello")])
    return room.id


def with_scopes(user: User, scopes: frozenset[Scope]) -> Actor:
    return Actor(user, None, scopes, Kind.SYSTEM)


@pytest.mark.parametrize(("scope", "name"), CASES)
def test_an_actor_without_the_scope_is_refused(
    alice: User, talked: str, scope: Scope, name: str
) -> None:
    actor = with_scopes(alice, frozenset(Scope) - {scope})
    with pytest.raises(Forbidden, match=scope):
        NEEDS[scope][name](actor, talked)


def test_a_session_of_a_person_has_every_scope(alice: User) -> None:
    assert system(alice).scopes == frozenset(Scope)


def test_a_guest_only_reads(alice: User) -> None:
    alice.is_guest = True
    assert system(alice).scopes == {Scope.READ}
