"""`@name` in a text, for the members of its room; `@room` for all of them.

What is stored are ids: a name may change. `@room` is stored as the word "room". Each
mention is a row too, by which unread mentions are counted (chat/queries/rooms.py).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models.functions import Lower

from .access.roles import is_exempt
from .access.seat import Seat
from .models import Membership, Mention, Message

_NAME = re.compile(r"(?<![A-Za-z0-9_.@-])@([A-Za-z0-9][A-Za-z0-9_.-]{1,31})")
EVERYBODY = "room"
# More than a screen of names is not written by a person.
MAX_MENTIONS = 50


@dataclass(frozen=True, slots=True)
class Mentionable:
    """Who may be meant in some rooms by some texts, read in one query."""

    ids: dict[tuple[UUID, str], str] = field(default_factory=dict)

    @classmethod
    def read(cls, rooms: Iterable[UUID], bodies: Iterable[str]) -> "Mentionable":
        names = {name for body in bodies for name in _names(body)} - {EVERYBODY}
        if not names:
            return cls()
        members = Membership.objects.alias(name=Lower("user__username")).filter(
            room__in=list(rooms), name__in=names
        )
        rows = members.values_list("room_id", "user_id", "user__username")
        return cls({(room, name.lower()): str(user) for room, user, name in rows})

    def mentioned(self, seat: Seat, body: str) -> list[str]:
        found = dict.fromkeys(self._id(seat, name) for name in _names(body))
        return [one for one in found if one is not None][:MAX_MENTIONS]

    def _id(self, seat: Seat, name: str) -> str | None:
        if name == EVERYBODY:
            return EVERYBODY if is_exempt(seat) else None
        return self.ids.get((seat.room.pk, name))


def _names(body: str) -> list[str]:
    """Each as it stands, and without what ends a sentence: "ask @bob."."""
    if "@" not in body:
        return []
    # Only so many are looked for: a database takes so many values in one query.
    found = list(dict.fromkeys(map(str.lower, _NAME.findall(body))))[:MAX_MENTIONS]
    return [form for name in found for form in {name: 0, name.rstrip(".-_"): 0}]


def add_mentions(messages: Iterable[Message]) -> None:
    """Of messages that have none yet, in the transaction that stores them."""
    rows = [row for message in messages for row in _rows(message)]
    if rows:
        Mention.objects.bulk_create(rows)


def change_mentions(messages: Sequence[Message]) -> None:
    """As their texts have them now. Most changes leave them as they were."""
    stored = Mention.objects.filter(message__in=messages)
    before = set(stored.values_list("message_id", "user_id"))
    rows = [row for message in messages for row in _rows(message)]
    if before != {(row.message_id, row.user_id) for row in rows}:
        stored.delete()
        Mention.objects.bulk_create(rows)


def _rows(message: Message) -> Iterator[Mention]:
    """A person counts a message once, and everybody includes each."""
    is_for_all = EVERYBODY in message.mentions
    for user_id in [None] if is_for_all else map(UUID, message.mentions):
        yield Mention(
            message=message,
            user_id=user_id,
            room_id=message.room_id,
            seq=message.seq,
            sender_id=message.sender_id,
        )
