"""`@name` in a text, for the members of its room; `@room` for all of them.

What is stored are ids: a name may change. `@room` is stored as the word "room".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models.functions import Lower

from .access.roles import is_exempt
from .access.seat import Seat
from .models import Membership

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
