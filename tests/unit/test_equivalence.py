"""Whoever follows the events holds the same as whoever reads everything again.

Zulip's `verify_action`, as a property: whatever people do, in whatever order, the state
folded from the announced changes equals a fresh read.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from chat import broadcast, queries
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import (
    delete_message,
    edit_message,
    pin_message,
    send_message,
)
from chat.actions.reactions import add_reaction, remove_reaction
from chat.broadcast import Envelope, RoomChanged
from chat.errors import Refusal
from chat.events import changes_frame, encode
from chat.models import Room
from tests.people import person, room_of

Action = Callable[[User, str, int], object]
ACTIONS: list[Action] = [
    lambda user, room, n: send_message(user, room, client_id=str(n), body=f"text {n}"),
    lambda user, room, n: edit_message(user, room, n, body=f"edited {n}"),
    lambda user, room, n: delete_message(user, room, n),
    lambda user, room, n: add_reaction(user, room, n, emoji="👍"),
    lambda user, room, n: add_reaction(user, room, n, emoji="🎉"),
    lambda user, room, n: remove_reaction(user, room, n, emoji="👍"),
    lambda user, room, n: pin_message(user, room, n, pinned=n % 2 == 0),
    lambda user, room, n: join_room(user, room),
    lambda user, room, n: leave_room(user, room),
]
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, len(ACTIONS) - 1), st.integers(1, 12)),
    max_size=40,
)


class Follower:
    """What a client makes of the events: messages by number, and how far it is."""

    messages: dict[int, Any]
    last: int

    def begin(self) -> None:
        self.messages = {}
        self.last = 0

    def hear(self, envelopes: list[Envelope]) -> None:
        for envelope in envelopes:
            if isinstance(envelope, RoomChanged):
                for change in envelope.changes:
                    assert change.seq == self.last + 1
                    text = changes_frame(envelope.room, self.last, change.seq, [change])
                    self._apply(json.loads(text))

    def _apply(self, frame: Any) -> None:
        self.last = frame["seq"]
        message = frame["message"]
        assert message["rev"] == frame["seq"]
        self.messages[message["seq"]] = message


def fresh(user: User, room: str) -> dict[int, Any]:
    read = json.loads(encode(queries.messages.history(user, room, limit=100)))
    return {message["seq"]: message for message in read["messages"]}


@pytest.fixture
def follower(monkeypatch: pytest.MonkeyPatch) -> Follower:
    follower = Follower()
    monkeypatch.setattr(broadcast, "publish", follower.hear)
    return follower


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_events_and_a_fresh_read_agree(
    follower: Follower, steps: list[tuple[int, int, int]]
) -> None:
    follower.begin()
    people = _people()
    room = room_of(*people[:2], name=f"room-{Room.objects.count()}").id
    for who, what, number in steps:
        with suppress(Refusal), transaction.atomic():
            ACTIONS[what](people[who], room, number)
    assert follower.last == Room.objects.get(pk=room).head_seq
    assert follower.messages == fresh(people[0], room)


def _people() -> list[User]:
    """The owner stays, so that there is always one to read with."""
    count = User.objects.count()
    return [person(f"p{count + number}") for number in range(3)]
