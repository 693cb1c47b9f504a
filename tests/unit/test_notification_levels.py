"""The notification level of a person in each room."""

from typing import Any

import pytest

from accounts.models import User
from chat import queries
from chat.actions import notifications
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope
from tests.people import acting

from .envelopes import to_person

committing = pytest.mark.django_db(transaction=True)


# --- Notification levels and rooms made by visiting -----------------------------------


@committing
def test_a_level_is_private_and_reaches_the_persons_devices(
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


def test_unread_messages_are_counted_at_the_level_none(
    alice: User, bob: User, talk: RoomPayload
) -> None:
    notifications.set_level(acting(bob), talk.id, "none")
    [listed] = queries.rooms.rooms_of(acting(bob))
    assert listed.notify == "none"
    assert listed.read is not None
    assert listed.read.unread == 2
