"""Published envelopes, as the events that their recipients read."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from accounts.models import User
from chat.models import Message
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import (
    Audience,
    Envelope,
    RoomChanged,
    ToEverybody,
    ToPerson,
    ToRoom,
)


def to_person(published: Iterable[Envelope], user: User) -> list[dict[str, Any]]:
    return [
        json.loads(envelope.text)
        for envelope in published
        if isinstance(envelope, ToPerson) and envelope.user == str(user.pk)
    ]


def to_everybody(
    published: Iterable[Envelope], *of: Audience, but_not: Sequence[User] = ()
) -> list[dict[str, Any]]:
    """The events for people of exactly these audiences; by default, all accounts."""
    banned = [str(user.pk) for user in but_not]
    return [
        json.loads(envelope.text)
        for envelope in published
        if isinstance(envelope, ToEverybody)
        and envelope.audiences == list(of or ("staff", "person"))
        and envelope.but_not == banned
    ]


def to_readers(
    published: Iterable[Envelope], room: RoomPayload
) -> list[dict[str, Any]]:
    return [
        json.loads(envelope.text)
        for envelope in published
        if isinstance(envelope, ToRoom) and envelope.room == room.id
    ]


def leavers(published: Iterable[Envelope]) -> list[tuple[int, str]]:
    """The people whom changes took out of a room, each with the change's number."""
    return [
        (change.seq, change.leaver)
        for envelope in published
        if isinstance(envelope, RoomChanged)
        for change in envelope.changes
        if change.leaver is not None
    ]


def logged(room: RoomPayload, after: int = 0) -> list[dict[str, Any]]:
    """The events of the room's system messages above a number."""
    rows = Message.objects.filter(room_id=room.id, seq__gt=after).order_by("seq")
    return [message.event for message in rows if message.event is not None]
