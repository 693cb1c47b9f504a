"""A client that follows the events has the same state as one that reads it afresh.

This is Zulip's `verify_action` as a property. People act at random, and each folds the
hub's events (tests/fold.py) into a state, which has to equal a fresh read over REST.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from chat import presence
from chat.actions import (
    bans,
    members,
    memberships,
    messages,
    pins,
    reactions,
    reads,
    rooms,
)
from chat.actions.direct import create_group, open_direct
from chat.models import Room, ServerProcess
from core.bus import publisher
from core.errors import Refusal
from tests.fold import Fold, Json
from tests.people import acting, person

from .following import Delivery, Follower

# The fields of a room that are the reader's own.
_OWN = ("role", "notify", "muted_until")
# The fields of a directory entry that events do not keep up to date there.
VOLATILE = {"head_seq", "member_count", "online_count", "read"}
CHANGES: Final[list[dict[str, Any]]] = [
    {"name": "red"},
    {"name": "blue", "topic": "colours"},
    {"topic": ""},
    {"announcements_only": True},
    {"announcements_only": False, "notices": False},
    {"slow_mode_seconds": 1, "notices": True},
    {"slow_mode_seconds": 0},
    {"guests_may_read": True},
    {"guests_may_read": False},
    {"archived": True},
    {"archived": False},
]


@dataclass
class World:
    """Two plain people, one of staff and a guest, and the rooms that they created."""

    people: list[User]
    guest: User
    rooms: list[str] = field(default_factory=list)
    sent: int = 0

    def person(self, number: int) -> User:
        return self.people[number % len(self.people)]

    def person_id(self, number: int) -> str:
        return str(self.person(number).pk)

    def change(self, number: int) -> dict[str, Any]:
        return CHANGES[number % len(CHANGES)]

    def send(self, user: User, room: str, body: str) -> None:
        self.sent += 1
        messages.send_message(acting(user), room, client_id=str(self.sent), body=body)

    def add(self, room: Any) -> None:
        if room.id not in self.rooms:
            self.rooms.append(room.id)


# It gets the person who acts, a room, and a number that picks a message, a person or a
# change.
Action = Callable[[World, User, str, int], object]
ACTIONS: Final[list[Action]] = [
    lambda w, user, room, n: w.send(user, room, f"text {n}"),
    lambda w, user, room, n: w.send(user, room, f"@{w.person(n)} and @room"),
    lambda w, user, room, n: messages.edit_message(
        acting(user), room, n, body=f"@{w.person(n)} edited"
    ),
    lambda w, user, room, n: messages.delete_message(acting(user), room, n),
    lambda w, user, room, n: pins.pin_message(acting(user), room, n, pinned=n % 2 == 0),
    lambda w, user, room, n: reactions.add_reaction(acting(user), room, n, emoji="👍"),
    lambda w, user, room, n: reactions.remove_reaction(
        acting(user), room, n, emoji="👍"
    ),
    lambda w, user, room, n: reads.mark_read(acting(user), room, n),
    lambda w, user, room, n: reads.mark_unread(acting(user), room, n),
    lambda w, user, room, n: w.add(
        rooms.create_room(
            acting(user),
            name=("red", "green", "blue")[n % 3],
            kind=("public", "private")[n % 2],
            staff_only=n % 5 == 0,
        )
    ),
    lambda w, user, room, n: rooms.update_room(acting(user), room, w.change(n)),
    lambda w, user, room, n: rooms.update_room(acting(user), room, w.change(n)),
    lambda w, user, room, n: rooms.delete_room(acting(user), room),
    lambda w, user, room, n: memberships.join_room(acting(user), room),
    lambda w, user, room, n: memberships.leave_room(acting(user), room),
    lambda w, user, room, n: members.add_member(acting(user), room, w.person_id(n)),
    lambda w, user, room, n: members.remove_member(acting(user), room, w.person_id(n)),
    lambda w, user, room, n: members.change_role(
        acting(user), room, w.person_id(n), ("owner", "moderator", "member")[n // 3 % 3]
    ),
    lambda w, user, room, n: members.mute_member(
        acting(user), room, w.person_id(n), 60
    ),
    lambda w, user, room, n: members.unmute_member(acting(user), room, w.person_id(n)),
    lambda w, user, room, n: bans.ban(acting(user), room, w.person_id(n)),
    lambda w, user, room, n: bans.unban(acting(user), room, w.person_id(n)),
    lambda w, user, room, n: bans.ban(acting(user), room, str(w.guest.pk)),
    lambda w, user, room, n: bans.unban(acting(user), room, str(w.guest.pk)),
    lambda w, user, room, n: w.add(open_direct(acting(user), w.person_id(n))[0]),
    lambda w, user, room, n: w.add(
        create_group(acting(user), [w.person_id(n), w.person_id(n + 1)])
    ),
    lambda w, user, room, n: presence.arrive("p1", user.pk),
    lambda w, user, room, n: presence.depart("p1", user.pk),
]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(range(len(ACTIONS))),
        st.integers(0, 3),
        st.integers(1, 12),
    ),
    min_size=10,
    max_size=40,
)


@pytest.mark.django_db(transaction=True)
# This is twenty seconds of work; on a busy machine it takes a minute.
@pytest.mark.timeout(240)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_events_fold_to_the_same_state_as_a_fresh_read(
    monkeypatch: pytest.MonkeyPatch, steps: list[tuple[int, int, int, int]]
) -> None:
    world, hub = _world(), Delivery()
    monkeypatch.setattr(publisher, "publish", hub.publish)
    followers = [hub.follow(user) for user in (*world.people, world.guest)]
    for who, what, where, number in steps:
        room = world.rooms[where % len(world.rooms)]
        with suppress(Refusal), transaction.atomic():
            ACTIONS[what](world, world.people[who], room, number)
        for follower in followers:
            hub.subscribe(follower)
    for follower in followers:
        assert _folded(follower.fold) == _fresh(follower)


def _world() -> World:
    """The people, with a public room of the first and a private one of the second."""
    # All examples together may outlast the process's lease, so each starts a new one.
    ServerProcess.objects.all().delete()
    Room.objects.all().delete()
    User.objects.all().delete()
    people = [person("p0"), person("p1"), person("p2", is_staff=True)]
    guest = person("guest")
    User.objects.filter(pk=guest.pk).update(is_guest=True)
    guest.refresh_from_db()
    world = World(people, guest)
    world.add(rooms.create_room(acting(people[0]), name="white"))
    world.add(rooms.create_room(acting(people[1]), name="black", kind="private"))
    memberships.join_room(acting(people[1]), world.rooms[0])
    return world


def _folded(fold: Fold) -> Json:
    return {
        "mine": fold.mine,
        "directory": {
            room_id: _entry(room, fold.mine.get(room_id))
            for room_id, room in fold.directory.items()
        },
        "messages": {room_id: room.messages for room_id, room in fold.open.items()},
        "members": {room_id: room.members for room_id, room in fold.open.items()},
        "online": {room_id: room.online for room_id, room in fold.open.items()},
    }


def _fresh(follower: Follower) -> Json:
    mine = {room["id"]: room for room in follower.my_rooms()}
    online = presence.online_in(mine)
    return {
        "mine": mine,
        "directory": {room["id"]: _entry(room, room) for room in follower.directory()},
        "messages": {
            room_id: {message["seq"]: message for message in follower.history(room_id)}
            for room_id in mine
        },
        "members": {
            room_id: {one["user"]["id"]: one for one in follower.members(room_id)}
            for room_id in mine
        },
        "online": {room_id: set(online.get(room_id, ())) for room_id in mine},
    }


def _entry(room: Json, mine: Json | None) -> Json:
    own = {key: mine[key] if mine else None for key in _OWN}
    return {key: value for key, value in room.items() if key not in VOLATILE} | own
