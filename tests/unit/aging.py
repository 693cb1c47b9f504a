"""Shared by the tests of retention: messages of some age, and what is left."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Message, Room
from chat.payloads.rooms import RoomPayload
from tests.people import acting


def say(room: RoomPayload, user: User, *, days: Sequence[float]) -> list[int]:
    """One message for each, so many days old; their numbers."""
    drafts = [Draft(room.id, acting(user), f"{age} days old") for age in days]
    append(drafts)
    said = Message.objects.filter(room_id=room.id, kind="user").order_by("-seq")
    found = list(said[: len(drafts)])[::-1]
    for message, age in zip(found, days, strict=True):
        made = timezone.now() - timedelta(days=age)
        Message.objects.filter(pk=message.pk).update(created_at=made)
    return [message.seq for message in found]


def keep(room: RoomPayload, days: int | None) -> None:
    Room.objects.filter(pk=room.id).update(retention_days=days)


def left(room: RoomPayload) -> list[int]:
    said = Message.objects.filter(room_id=room.id, kind="user", deleted_at=None)
    return list(said.order_by("seq").values_list("seq", flat=True))
