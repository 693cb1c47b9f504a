"""Levels and slow mode: who may send what, and how often."""

from typing import Any

import pytest

from accounts.models import User
from chat.actions.messages import send_message
from chat.models import Membership, Room
from chat.payloads.rooms import RoomPayload
from core.errors import (
    Forbidden,
    Refusal,
)
from tests.people import acting


def test_only_moderators_and_staff_send_alerts(
    alice: User, bob: User, dora: User, room: RoomPayload
) -> None:
    Membership.objects.create(room_id=room.id, user=dora)
    draft: dict[str, Any] = {"client_id": "1", "body": "Fire!", "level": "alert"}
    with pytest.raises(Forbidden):
        send_message(acting(bob), room.id, **draft)
    for user in (alice, dora):
        assert send_message(acting(user), room.id, **draft).message.level == "alert"


def test_slow_mode_holds_back_members_only(
    alice: User, bob: User, room: RoomPayload
) -> None:
    Room.objects.update(slow_mode_seconds=60)
    send_message(acting(bob), room.id, client_id="1", body="one")
    with pytest.raises(Refusal) as refused:
        send_message(acting(bob), room.id, client_id="2", body="two")
    assert refused.value.code == "rate_limited"
    assert 50 < (refused.value.retry_after or 0) <= 60
    for number in range(2):
        send_message(acting(alice), room.id, client_id=str(number), body="owner")
    again = send_message(acting(bob), room.id, client_id="1", body="one")
    assert again.duplicate
