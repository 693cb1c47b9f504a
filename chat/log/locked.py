"""What one transaction knows before it writes, read under the rooms' locks.

Every query is for all drafts at once, and nothing is trusted that was read before the
locks were taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from uuid import UUID

from django.db.models import Max, Q

from accounts.models import User
from accounts.revocation import live_sessions
from core.ids import known_uuids

from ..mentions import Mentionable
from ..models import (
    Attachment,
    Ban,
    Block,
    Membership,
    Message,
    Room,
)
from .draft import Draft

# What is looked at of a member, and what is shown of a sender: with a thousand of them
# a second the other columns cost more than the query.
_MEMBERSHIP = (
    "room_id",
    "user_id",
    "role",
    "muted_until",
    "user__username",
    "user__display_name",
    "user__is_bot",
    "user__is_guest",
    "user__avatar",
    "user__is_staff",
    "user__is_active",
    "user__token_version",
)


@dataclass(slots=True)
class Facts:
    """Of the rooms that the drafts name, and of those who sent them."""

    drafts: Sequence[Draft]
    rooms: dict[UUID, Room] = field(default_factory=dict)
    memberships: dict[tuple[UUID, UUID], Membership] = field(default_factory=dict)
    users: dict[UUID, User] = field(default_factory=dict)
    sessions: set[UUID] = field(default_factory=set)
    known: dict[tuple[UUID, UUID, str], Message] = field(default_factory=dict)
    targets: set[tuple[UUID, int]] = field(default_factory=set)
    # Files that are in no message yet; who takes one takes it out.
    unsent: dict[str, Attachment] = field(default_factory=dict)
    mentionable: Mentionable = field(default_factory=Mentionable)
    # Who is not heard by the other one, by direct room.
    blocked: set[tuple[UUID, UUID]] = field(default_factory=set)
    # Of those who write from outside, who may not come in.
    banned: set[tuple[UUID, UUID]] = field(default_factory=set)
    latest: dict[tuple[UUID, UUID], datetime] = field(default_factory=dict)

    @classmethod
    def read(
        cls, drafts: Sequence[Draft], *, retries: bool, skip_locked: bool
    ) -> "Facts":
        """Lock the rooms and read the rest; with `retries` what was sent before.

        With `skip_locked` without those that somebody else holds.
        """
        facts = cls(drafts)
        facts._lock_rooms(skip_locked)
        facts._read_rest(retries)
        return facts

    def know(self, message: Message) -> None:
        """Two drafts of one batch may be the same message."""
        if message.client_id is not None and message.sender_id is not None:
            key = (message.room_id, message.sender_id, message.client_id)
            self.known[key] = message

    def _lock_rooms(self, skip_locked: bool) -> None:
        ids = known_uuids({draft.room for draft in self.drafts})
        # NO KEY: whoever inserts a row that refers to a room need not wait for us.
        rooms = Room.objects.select_for_update(no_key=True, skip_locked=skip_locked)
        locked = rooms.filter(pk__in=ids)
        self.rooms = {room.pk: room for room in locked.order_by("pk")}

    def _read_rest(self, retries: bool) -> None:
        senders = {draft.actor.id for draft in self.drafts}
        self._read_senders(senders)
        self._read_banned()
        self.sessions = live_sessions(draft.actor for draft in self.drafts)
        if retries:
            self._read_known(senders)
        self._read_targets()
        self._read_unsent()
        self._read_latest(senders)
        self._read_blocked(senders)
        bodies = [draft.body for draft in self.drafts]
        self.mentionable = Mentionable.read(self._joined(), bodies)

    def _joined(self) -> list[UUID]:
        """The rooms that a sender belongs to: of the others nothing more is read.

        So a draft for a hidden room takes as many queries as one for a missing room.
        """
        return list(self.rooms.keys() & {room_id for room_id, _ in self.memberships})

    def _read_senders(self, senders: set[UUID]) -> None:
        ids = known_uuids({draft.room for draft in self.drafts})
        memberships = Membership.objects.filter(room__in=ids, user__in=senders)
        for membership in memberships.select_related("user").only(*_MEMBERSHIP):
            self.memberships[membership.room_id, membership.user_id] = membership
            self.users[membership.user_id] = membership.user
        if outsiders := senders - self.users.keys():
            self.users |= User.objects.in_bulk(outsiders)

    def _read_banned(self) -> None:
        """Whether or not there is such a room: a ban takes no query of its own."""
        keys = {
            (room_id, draft.actor.id)
            for draft in self.drafts
            for room_id in known_uuids([draft.room])
            if draft.event is None
        }
        if outside := keys - self.memberships.keys():
            rooms, people = zip(*outside, strict=True)
            rows = Ban.objects.filter(room__in=set(rooms), user__in=set(people))
            self.banned = set(rows.values_list("room_id", "user_id"))

    def _read_known(self, senders: set[UUID]) -> None:
        keys = {draft.client_id for draft in self.drafts} - {None}
        rows = Message.objects.filter(
            room__in=self._joined(), sender__in=senders, client_id__in=keys
        )
        for message in rows.whole():
            self.know(message)

    def _read_targets(self) -> None:
        wanted = Q()
        for draft in self.drafts:
            if draft.reply_to is not None:
                rooms = known_uuids([draft.room])
                wanted |= Q(room__in=rooms, seq=draft.reply_to)
        if wanted:
            rows = Message.objects.filter(wanted)
            self.targets = set(rows.values_list("room_id", "seq"))

    def _read_unsent(self) -> None:
        """Locked: what nobody has sent for a day is cleared away."""
        wanted = known_uuids(chain(*(draft.attachments for draft in self.drafts)))
        if not wanted:
            return
        rows = Attachment.objects.select_for_update().filter(
            pk__in=wanted, room__in=self._joined(), message=None
        )
        self.unsent = {str(found.pk): found for found in rows.order_by("pk")}

    def _read_latest(self, senders: set[UUID]) -> None:
        """When each last wrote, in the rooms that are in slow mode."""
        slow = [pk for pk in self._joined() if self.rooms[pk].slow_mode_seconds]
        if not slow:
            return
        rows = Message.objects.filter(room__in=slow, sender__in=senders, kind="user")
        for room_id, sender_id, at in rows.values_list("room", "sender").annotate(
            at=Max("created_at")
        ):
            self.latest[room_id, sender_id] = at

    def _read_blocked(self, senders: set[UUID]) -> None:
        """Under the rooms' locks, which whoever blocks takes too."""
        direct = [pk for pk in self._joined() if self.rooms[pk].kind == "direct"]
        if direct:
            rows = Block.objects.filter(
                user__memberships__room__in=direct, blocked__in=senders
            )
            pairs = rows.values_list("user__memberships__room", "blocked")
            self.blocked = set(pairs)
