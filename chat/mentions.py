"""`@name` in a text, for the members of its room; `@room` for all of them.

A message stores the ids of the people, since a name may change, and the word "room" for
`@room`. Each mention is a row too, so that an index can count unread mentions
(chat/queries/rooms.py).
"""

import re
from collections.abc import Iterator, Sequence
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
    """The ids of members whom some texts may mention, by the room's id and the name."""

    ids: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def read(cls, room: UUID, body: str) -> "Mentionable":
        members = Membership.objects.alias(name=Lower("user__username")).filter(
            room=room, name__in=names(body)
        )
        rows = members.values_list("user_id", "user__username")
        return cls({(str(room), name.lower()): str(user) for user, name in rows})

    def mentioned(self, seat: Seat, body: str) -> list[str]:
        """The ids of the people whom the text mentions, and "room" for all of them."""
        if "@" not in body:
            return []
        room = str(seat.room.pk)
        of_all = EVERYBODY if is_exempt(seat) else None
        ids = (
            of_all if name == EVERYBODY else self.ids.get((room, name))
            for name in _forms(body)
        )
        return list(dict.fromkeys(one for one in ids if one))[:MAX_MENTIONS]


def names(body: str) -> list[str]:
    """The usernames, in small letters, of which the text may mention some."""
    if "@" not in body:
        return []
    return [name for name in _forms(body) if name != EVERYBODY]


def _forms(body: str) -> list[str]:
    """Each name as it stands, and without a mark that ends a sentence: "ask @bob."."""
    # Bounded, since each name is a value in a query.
    found = list(dict.fromkeys(map(str.lower, _NAME.findall(body))))[:MAX_MENTIONS]
    return [form for name in found for form in {name: 0, name.rstrip(".-_"): 0}]


def people_of(mentions: Sequence[str]) -> list[str | None]:
    """The people of a message's mentions, each of whom has a row; None is for everybody
    alone, so that no message counts twice."""
    return [None] if EVERYBODY in mentions else list(mentions)


def change_mentions(messages: Sequence[Message]) -> None:
    """Make the rows fit the changed messages. Most changes leave them as they were."""
    stored = Mention.objects.filter(message__in=messages)
    before = set(stored.values_list("message_id", "user_id"))
    rows = [row for message in messages for row in _rows(message)]
    if before != {(row.message_id, row.user_id) for row in rows}:
        stored.delete()
        Mention.objects.bulk_create(rows)


def _rows(message: Message) -> Iterator[Mention]:
    for person in people_of(message.mentions):
        yield Mention(
            message=message,
            user_id=person and UUID(person),
            room_id=message.room_id,
            seq=message.seq,
            sender_id=message.sender_id,
        )
