"""One transaction's worth of drafts: what `log.append` does under the rooms' locks.

Every query is for all drafts at once, and nothing is trusted that was read before the
locks were taken.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from accounts.models import User
from accounts.standing import live_sessions

from . import broadcast
from .access.messages import check_level, check_send
from .access.roles import is_exempt
from .access.seat import Seat, known_uuids, room_uuid
from .access.visibility import check_member
from .broadcast import RoomChanged
from .errors import (
    Conflict,
    Invalid,
    MessageNotFound,
    RateLimited,
    Refusal,
    RoomNotFound,
    Unauthorized,
)
from .events import Change, encode_message
from .mentions import Mentionable
from .models import Attachment, Block, Membership, Message, Room
from .payloads import MessagePayload, leaver, message_payload


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants in a room's log."""

    room: str
    sender: User
    body: str = ""
    client_id: str | None = None
    reply_to: int | None = None
    level: str = Message.Level.NORMAL
    # Ids of files that the sender uploaded to the room.
    attachments: Sequence[str] = ()
    # What a system message is about; a person's message has none.
    event: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """`json` is `message`, encoded once for the reply and everybody's event."""

    message: MessagePayload
    json: bytes
    duplicate: bool


Outcome = Appended | Refusal


class Placed(NamedTuple):
    message: Message
    duplicate: bool


class Written(NamedTuple):
    message: MessagePayload
    json: bytes


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
    "user__is_guest",
    "user__is_active",
    "user__token_version",
)


class LookTwice(Exception):
    """Somebody's draft may be a retry: read what they sent before and begin again."""


@dataclass(slots=True)
class Batch:
    """One transaction's work. Every query here is for all drafts at once."""

    drafts: Sequence[Draft]
    looked_for_retries: bool
    rooms: dict[UUID, Room] = field(default_factory=dict)
    memberships: dict[tuple[UUID, UUID], Membership] = field(default_factory=dict)
    users: dict[UUID, User] = field(default_factory=dict)
    sessions: set[UUID | None] = field(default_factory=set)
    known: dict[tuple[UUID, UUID, str], Message] = field(default_factory=dict)
    targets: set[tuple[UUID, int]] = field(default_factory=set)
    # Files that are in no message yet; who takes one takes it out.
    unsent: dict[str, Attachment] = field(default_factory=dict)
    sent: list[Attachment] = field(default_factory=list)
    mentionable: Mentionable = field(default_factory=Mentionable)
    # Who is not heard by the other one, by direct room.
    blocked: set[tuple[UUID, UUID]] = field(default_factory=set)
    latest: dict[tuple[UUID, UUID], datetime] = field(default_factory=dict)
    new: list[Message] = field(default_factory=list)

    def write(self) -> list[Outcome]:
        self._lock_rooms()
        self._read()
        placed = [self._place(draft) for draft in self.drafts]
        Message.objects.bulk_create(self.new)
        if self.sent:
            Attachment.objects.bulk_update(self.sent, ["message"])
        self._raise_heads()
        found = {id(message): written(message) for message in self._all()}
        self._announce_on_commit(found)
        return [_outcome(result, found) for result in placed]

    def _all(self) -> Iterable[Message]:
        return chain(self.new, self.known.values())

    def _lock_rooms(self) -> None:
        ids = known_uuids({draft.room for draft in self.drafts})
        # NO KEY: whoever inserts a row that refers to a room need not wait for us.
        locked = Room.objects.select_for_update(no_key=True).filter(pk__in=ids)
        self.rooms = {room.pk: room for room in locked.order_by("pk")}

    def _read(self) -> None:
        """Read under the locks: what was read before may no longer be true."""
        senders = {draft.sender.pk for draft in self.drafts}
        memberships = Membership.objects.filter(
            room__in=list(self.rooms), user__in=senders
        )
        for membership in memberships.select_related("user").only(*_MEMBERSHIP):
            self.memberships[membership.room_id, membership.user_id] = membership
            self.users[membership.user_id] = membership.user
        if outsiders := senders - self.users.keys():
            self.users |= User.objects.in_bulk(outsiders)
        self.sessions = live_sessions(draft.sender for draft in self.drafts)
        if self.looked_for_retries:
            self._read_known(senders)
        self._read_targets()
        self._read_unsent()
        self._read_latest(senders)
        self._read_blocked(senders)
        bodies = [draft.body for draft in self.drafts]
        self.mentionable = Mentionable.read(self.rooms, bodies)

    def _read_known(self, senders: set[UUID]) -> None:
        keys = {draft.client_id for draft in self.drafts} - {None}
        rows = Message.objects.filter(
            room__in=list(self.rooms), sender__in=senders, client_id__in=keys
        )
        for message in rows.whole():
            self._know(message)

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
            pk__in=wanted, room__in=list(self.rooms), message=None
        )
        self.unsent = {str(found.pk): found for found in rows.order_by("pk")}

    def _read_latest(self, senders: set[UUID]) -> None:
        """When each last wrote, in the rooms that are in slow mode."""
        slow = [pk for pk, room in self.rooms.items() if room.slow_mode_seconds]
        if not slow:
            return
        rows = Message.objects.filter(room__in=slow, sender__in=senders, kind="user")
        for room_id, sender_id, at in rows.values_list("room", "sender").annotate(
            at=Max("created_at")
        ):
            self.latest[room_id, sender_id] = at

    def _read_blocked(self, senders: set[UUID]) -> None:
        """Under the rooms' locks, which whoever blocks takes too."""
        direct = [r for r in self.rooms.values() if r.kind == Room.Kind.DIRECT]
        if direct:
            rows = Block.objects.filter(
                user__memberships__room__in=direct, blocked__in=senders
            )
            pairs = rows.values_list("user__memberships__room", "blocked")
            self.blocked = set(pairs)

    def _place(self, draft: Draft) -> Placed | Refusal:
        """The draft's message and whether it was there before, or why there is none.

        A retry is answered before the right to send is checked: who was muted in
        between must still learn that the first attempt had worked.
        """
        try:
            seat = self._seat(draft)
            if earlier := self._earlier(seat, draft):
                return Placed(earlier, duplicate=True)
            if draft.event is None:
                self._check_send(seat, draft)
            return Placed(self._add(seat, draft), duplicate=False)
        except Refusal as refusal:
            return refusal

    def _seat(self, draft: Draft) -> Seat:
        user = self._sender(draft)
        room = self.rooms.get(room_uuid(draft.room))
        if room is None:
            raise RoomNotFound
        key = (room.pk, user.pk)
        seat = Seat(
            user, room, self.memberships.get(key), is_blocked=key in self.blocked
        )
        # What the chat itself writes was checked by the action that writes it.
        if draft.event is None:
            check_member(seat)
        return seat

    def _sender(self, draft: Draft) -> User:
        """As they are now. Raises Unauthorized when their token would not do."""
        user = self.users.get(draft.sender.pk)
        if user is None:
            raise Unauthorized
        if draft.event is not None:
            # As in `_seat`; and of who deleted their account the chat still writes.
            return user
        if not user.is_active:
            raise Unauthorized
        if user.token_version != draft.sender.token_version:
            raise Unauthorized
        if draft.sender.session_id not in self.sessions:
            raise Unauthorized
        return user

    def _check_send(self, seat: Seat, draft: Draft) -> None:
        try:
            check_send(seat)
            check_level(seat, draft.level)
            self._check_pace(seat)
            self._check_attachments(seat, draft)
        except Refusal:
            if not self.looked_for_retries:
                raise LookTwice from None
            raise

    def _check_pace(self, seat: Seat) -> None:
        pause = timedelta(seconds=seat.room.slow_mode_seconds)
        last = self.latest.get((seat.room.pk, seat.user.pk))
        if not pause or last is None or is_exempt(seat):
            return
        wait = (last + pause - timezone.now()).total_seconds()
        if wait > 0:
            raise RateLimited("This room is in slow mode.", retry_after=round(wait, 1))

    def _check_attachments(self, seat: Seat, draft: Draft) -> None:
        """One answer for all that is wrong: it must not tell which files there are."""
        for attachment_id in draft.attachments:
            found = self.unsent.get(attachment_id)
            here = found is not None and found.room_id == seat.room.pk
            if found is None or not here or found.uploader_id != seat.user.pk:
                problem = "Upload each file to this room, and send it once."
                raise Invalid(fields={"attachments": [problem]})

    def _earlier(self, seat: Seat, draft: Draft) -> Message | None:
        """The message with the same client_id, if it says the same."""
        if draft.client_id is None:
            return None
        earlier = self.known.get((seat.room.pk, seat.user.pk, draft.client_id))
        if earlier is None:
            return None
        # An edit or a deletion since then does not make a retry a conflict.
        changed = earlier.edited_at is not None or earlier.deleted_at is not None
        if not _says(earlier, draft) and not changed:
            raise Conflict("This client_id was used for another message.")
        return earlier

    def _add(self, seat: Seat, draft: Draft) -> Message:
        room = seat.room
        if draft.reply_to is not None and (room.pk, draft.reply_to) not in self.targets:
            raise MessageNotFound("The message you reply to is not in this room.")
        room.head_seq += 1
        message = _message(seat, draft)
        message.mentions = self.mentionable.mentioned(seat, draft.body)
        if draft.attachments:
            self._attach(message, draft)
        self.latest[room.pk, seat.user.pk] = message.created_at
        self.new.append(message)
        self.targets.add((room.pk, message.seq))
        self._know(message)
        return message

    def _attach(self, message: Message, draft: Draft) -> None:
        """Also to what `whole` would have loaded, since nothing will load it."""
        found = [self.unsent.pop(one) for one in draft.attachments]
        for attachment in found:
            attachment.message = message
        self.sent += found
        _prefetched(message)["attachments"] = found

    def _know(self, message: Message) -> None:
        if message.client_id is not None and message.sender_id is not None:
            key = (message.room_id, message.sender_id, message.client_id)
            self.known[key] = message

    def _raise_heads(self) -> None:
        """One update for all rooms that grew by as much: mostly all grew by one."""
        grown = Counter(message.room_id for message in self.new)
        for count in set(grown.values()):
            rooms = [room_id for room_id in grown if grown[room_id] == count]
            Room.objects.filter(pk__in=rooms).update(head_seq=F("head_seq") + count)

    def _announce_on_commit(self, found: dict[int, Written]) -> None:
        changes: dict[UUID, list[Change]] = {}
        for message in self.new:
            payload, json = found[id(message)]
            change = Change(payload.seq, "message.created", json, leaver(payload))
            changes.setdefault(message.room_id, []).append(change)
        envelopes = [
            RoomChanged(str(pk), self.rooms[pk].epoch, of_room)
            for pk, of_room in changes.items()
        ]
        if envelopes:
            transaction.on_commit(lambda: broadcast.publish(envelopes))


def _message(seat: Seat, draft: Draft) -> Message:
    return Message(
        room=seat.room,
        seq=seat.room.head_seq,
        rev=seat.room.head_seq,
        kind=Message.Kind.USER if draft.event is None else Message.Kind.SYSTEM,
        sender=seat.user,
        client_id=draft.client_id,
        body=draft.body,
        level=draft.level,
        reply_to=draft.reply_to,
        event=draft.event,
        created_at=timezone.now(),
    )


def _prefetched(message: Message) -> dict[str, Iterable[Attachment]]:
    """Where Django keeps what prefetch_related loaded."""
    cache: dict[str, Iterable[Attachment]] = vars(message).setdefault(
        "_prefetched_objects_cache", {}
    )
    return cache


def _says(message: Message, draft: Draft) -> bool:
    """Whether the draft asks for this very message."""
    files = {str(found.pk) for found in _prefetched(message).get("attachments", ())}
    return (message.body, message.reply_to, files) == (
        draft.body,
        draft.reply_to,
        set(draft.attachments),
    )


def written(message: Message) -> Written:
    payload = message_payload(message)
    return Written(payload, encode_message(payload))


def _outcome(result: Placed | Refusal, found: dict[int, Written]) -> Outcome:
    if isinstance(result, Refusal):
        return result
    return Appended(*found[id(result.message)], result.duplicate)
