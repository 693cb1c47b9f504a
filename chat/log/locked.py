"""Everything that a transaction knows before it writes, read under the rooms' locks.

Each query is for all drafts at once. Nothing is trusted that was read before the locks
were taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from uuid import UUID

from django.db.models import Max, Q

from accounts.actor import Actor
from accounts.models import User
from accounts.revocation import live_sessions
from core.ids import known_uuids

from ..mentions import Mentionable
from ..models import Attachment, Ban, Block, Membership, Message, Room
from .draft import Draft

# The columns that the rules ask for, and those that are shown of a sender. At a
# thousand messages a second the other columns would cost more than the query.
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
class Locked:
    """The rooms that the drafts name, their senders, and what the checks need of both.

    Keys of pairs are ids: room and person, or room and the sender's client_id.
    """

    drafts: Sequence[Draft]
    rooms: dict[UUID, Room] = field(default_factory=dict)
    memberships: dict[tuple[UUID, UUID], Membership] = field(default_factory=dict)
    users: dict[UUID, User] = field(default_factory=dict)
    sessions: set[UUID] = field(default_factory=set)
    # Messages by room, sender and client_id.
    known: dict[tuple[UUID, UUID, str], Message] = field(default_factory=dict)
    # Messages that may be replied to, by room and `seq`.
    targets: set[tuple[UUID, int]] = field(default_factory=set)
    # Files that are in no message yet; a draft that sends one takes it out of here.
    unsent: dict[str, Attachment] = field(default_factory=dict)
    mentionable: Mentionable = field(default_factory=Mentionable)
    # Senders whom the other person of a direct room has blocked.
    blocked: set[tuple[UUID, UUID]] = field(default_factory=set)
    # Senders who are no members and may not become one.
    banned: set[tuple[UUID, UUID]] = field(default_factory=set)
    # When each sender last wrote, in rooms with slow mode.
    latest: dict[tuple[UUID, UUID], datetime] = field(default_factory=dict)

    @classmethod
    def read(
        cls, drafts: Sequence[Draft], *, retries: bool, skip_locked: bool
    ) -> "Locked":
        """Lock the rooms and read the rest.

        `retries` reads the messages that have a draft's client_id already;
        `skip_locked` leaves out the rooms that another transaction holds.
        """
        locked = cls(drafts)
        locked._lock_rooms(skip_locked)
        senders = {draft.actor.id for draft in drafts}
        locked._read_senders(senders)
        if retries:
            locked._read_known(senders)
        locked._read_targets()
        locked._read_unsent()
        locked._read_latest(senders)
        locked._read_blocked(senders)
        bodies = [draft.body for draft in drafts]
        locked.mentionable = Mentionable.read(locked._joined(), bodies)
        return locked

    def actor_now(self, actor: Actor) -> Actor | None:
        """The actor with the person's row as it is now; None when it may not act."""
        user = self.users.get(actor.id)
        if user is None or not user.is_active:
            return None
        has_session = actor.is_system or actor.session_id in self.sessions
        if not has_session or user.token_version != actor.user.token_version:
            return None
        return actor.as_now(user)

    def know(self, message: Message) -> None:
        """Remember a message by its key: two drafts of one batch may be the same."""
        if message.client_id is not None and message.sender_id is not None:
            key = (message.room_id, message.sender_id, message.client_id)
            self.known[key] = message

    def _lock_rooms(self, skip_locked: bool) -> None:
        ids = known_uuids({draft.room for draft in self.drafts})
        # NO KEY, so that inserting a row that refers to a room need not wait for us.
        rooms = Room.objects.select_for_update(no_key=True, skip_locked=skip_locked)
        rows = rooms.filter(pk__in=ids).order_by("pk")
        self.rooms = {room.pk: room for room in rows}

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
        self._read_banned()
        self.sessions = live_sessions(draft.actor for draft in self.drafts)

    def _read_banned(self) -> None:
        """By the drafts' ids, whether or not there is such a room: the number of
        queries must not tell whether a room exists."""
        keys = {
            (room_id, draft.actor.id)
            for draft in self.drafts
            for room_id in known_uuids([draft.room])
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
        """Lock the files too: those that nobody sent for a day are being deleted."""
        wanted = known_uuids(chain(*(draft.attachments for draft in self.drafts)))
        if not wanted:
            return
        rows = Attachment.objects.select_for_update().filter(
            pk__in=wanted, room__in=self._joined(), message=None
        )
        self.unsent = {str(file.pk): file for file in rows.order_by("pk")}

    def _read_latest(self, senders: set[UUID]) -> None:
        slow = [pk for pk in self._joined() if self.rooms[pk].slow_mode_seconds]
        if not slow:
            return
        rows = Message.objects.filter(room__in=slow, sender__in=senders, kind="user")
        pairs = rows.values_list("room", "sender").annotate(at=Max("created_at"))
        for room_id, sender_id, at in pairs:
            self.latest[room_id, sender_id] = at

    def _read_blocked(self, senders: set[UUID]) -> None:
        """Under the room's lock, which blocking somebody takes too."""
        direct = [pk for pk in self._joined() if self.rooms[pk].kind == "direct"]
        if direct:
            rows = Block.objects.filter(
                user__memberships__room__in=direct, blocked__in=senders
            )
            pairs = rows.values_list("user__memberships__room", "blocked")
            self.blocked = set(pairs)
