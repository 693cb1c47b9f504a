"""`@name` in a text, for the members of its room; `@room` for all of them.

A message stores the ids of the people, since a name may change, and the word "room" for
`@room`. Each mention is a row too, so that an index can count unread mentions
(chat/queries/rooms.py).
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
# A person writes no more than a screen of names.
MAX_MENTIONS = 50


@dataclass(frozen=True, slots=True)
class Mentionable:
    """The members whom some texts may mention in some rooms, read in one query."""

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
        """The ids of the people whom the text mentions, and "room" for all of them."""
        room = seat.room.pk
        of_all = EVERYBODY if is_exempt(seat) else None
        ids = (
            of_all if name == EVERYBODY else self.ids.get((room, name))
            for name in _names(body)
        )
        return list(dict.fromkeys(one for one in ids if one))[:MAX_MENTIONS]


def _names(body: str) -> list[str]:
    """Each name as it stands, and without a mark that ends a sentence: "ask @bob."."""
    if "@" not in body:
        return []
    # Bounded, since each name is a value in a query.
    names = list(dict.fromkeys(map(str.lower, _NAME.findall(body))))[:MAX_MENTIONS]
    return [form for name in names for form in {name: 0, name.rstrip(".-_"): 0}]


def add_mentions(messages: Iterable[Message]) -> None:
    """Add the rows of new messages, in the transaction that stores these."""
    rows = [row for message in messages for row in _rows(message)]
    if rows:
        Mention.objects.bulk_create(rows)


def change_mentions(messages: Sequence[Message]) -> None:
    """Make the rows fit the changed messages. Most changes leave them as they were."""
    stored = Mention.objects.filter(message__in=messages)
    before = set(stored.values_list("message_id", "user_id"))
    rows = [row for message in messages for row in _rows(message)]
    if before != {(row.message_id, row.user_id) for row in rows}:
        stored.delete()
        Mention.objects.bulk_create(rows)


def _rows(message: Message) -> Iterator[Mention]:
    """One for each person, or one alone for everybody: no message counts twice."""
    is_for_all = EVERYBODY in message.mentions
    for user_id in [None] if is_for_all else map(UUID, message.mentions):
        yield Mention(
            message=message,
            user_id=user_id,
            room_id=message.room_id,
            seq=message.seq,
            sender_id=message.sender_id,
        )
