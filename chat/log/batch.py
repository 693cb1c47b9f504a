"""One transaction's worth of drafts: what `log.append` does under the rooms' locks.

A batch reads all that it needs at once (locked.py), decides draft by draft, and writes
all messages at once.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from core.bus.envelopes import Change, RoomChanged
from core.bus.publisher import publish_on_commit
from core.db_timeouts import RETRY_SECONDS
from core.errors import (
    Conflict,
    Invalid,
    RateLimited,
    Refusal,
    Unauthorized,
    Unavailable,
)

from ..access.messages import check_level, check_send
from ..access.roles import is_exempt
from ..access.seat import Seat, room_uuid
from ..access.visibility import check_member
from ..errors import MessageNotFound, RoomNotFound
from ..mentions import add_mentions
from ..models import Attachment, Message, Room
from ..payloads.messages import prefetched
from .draft import Appended, Draft, Outcome, Written, new_message, says, written
from .locked import Locked


class Placed(NamedTuple):
    message: Message
    duplicate: bool


class LookTwice(Exception):
    """A refused draft may be a retry: read what its sender stored, and begin again."""


@dataclass(slots=True)
class Batch:
    """The drafts, and what was decided of them so far. `write` is called once."""

    drafts: Sequence[Draft]
    looked_for_retries: bool
    skipped_locked: bool = False
    locked: Locked = field(init=False)
    sent: list[Attachment] = field(default_factory=list)
    new: list[Message] = field(default_factory=list)

    def write(self) -> list[Outcome]:
        self.locked = Locked.read(
            self.drafts,
            retries=self.looked_for_retries,
            skip_locked=self.skipped_locked,
        )
        places = [self._place(draft) for draft in self.drafts]
        Message.objects.bulk_create(self.new)
        add_mentions(self.new)
        if self.sent:
            Attachment.objects.bulk_update(self.sent, ["message"])
        self._raise_heads()
        messages = chain(self.new, self.locked.known.values())
        results = {id(message): written(message) for message in messages}
        self._announce_on_commit(results)
        return [
            place
            if isinstance(place, Refusal)
            else Appended(*results[id(place.message)], place.duplicate)
            for place in places
        ]

    def _place(self, draft: Draft) -> Placed | Refusal:
        """The draft's message and whether it was there before, or the refusal.

        A retry is answered before the right to send is checked: a sender who was muted
        in between must still learn that the first attempt had worked.
        """
        try:
            seat = self._seat(draft)
            if earlier := self._earlier(seat, draft):
                return Placed(earlier, duplicate=True)
            self._check_send(seat, draft)
            return Placed(self._add(seat, draft), duplicate=False)
        except Refusal as refusal:
            return refusal

    def _seat(self, draft: Draft) -> Seat:
        """The sender in front of the room, both as they are now.

        Raises Unauthorized when the sender's token would no longer do, RoomNotFound,
        Forbidden for somebody who is no member, or Unavailable for a locked room.
        """
        actor = self.locked.actor_now(draft.actor)
        if actor is None:
            raise Unauthorized
        room = self.locked.rooms.get(room_uuid(draft.room))
        if room is None:
            # The same for a room that is not there, so that hidden rooms stay hidden.
            if self.skipped_locked:
                raise Unavailable(retry_after=RETRY_SECONDS)
            raise RoomNotFound
        key = (room.pk, actor.id)
        seat = Seat(
            actor,
            room,
            self.locked.memberships.get(key),
            is_banned=key in self.locked.banned,
            is_blocked=key in self.locked.blocked,
        )
        check_member(seat)
        return seat

    def _check_send(self, seat: Seat, draft: Draft) -> None:
        try:
            check_send(seat)
            check_level(seat, draft.level)
            self._check_slow_mode(seat)
            self._check_attachments(seat, draft)
            target = (seat.room.pk, draft.reply_to)
            if draft.reply_to is not None and target not in self.locked.targets:
                raise MessageNotFound("The message you reply to is not in this room.")
        except Refusal:
            if not self.looked_for_retries:
                raise LookTwice from None
            raise

    def _check_slow_mode(self, seat: Seat) -> None:
        pause = timedelta(seconds=seat.room.slow_mode_seconds)
        last = self.locked.latest.get((seat.room.pk, seat.user.pk))
        if not pause or last is None or is_exempt(seat):
            return
        wait = (last + pause - timezone.now()).total_seconds()
        if wait > 0:
            raise RateLimited("This room is in slow mode.", retry_after=round(wait, 1))

    def _check_attachments(self, seat: Seat, draft: Draft) -> None:
        """Raises one error for everything, which must not tell which files exist."""
        mine = (seat.room.pk, seat.user.pk)
        for attachment_id in draft.attachments:
            file = self.locked.unsent.get(attachment_id)
            if file is None or (file.room_id, file.uploader_id) != mine:
                problem = "Upload each file to this room, and send it once."
                raise Invalid(fields={"attachments": [problem]})

    def _earlier(self, seat: Seat, draft: Draft) -> Message | None:
        """The message of an earlier attempt. Raises Conflict when it is another one."""
        if draft.client_id is None:
            return None
        key = (seat.room.pk, seat.user.pk, draft.client_id)
        earlier = self.locked.known.get(key)
        if earlier is None:
            return None
        # An edit or a deletion since then does not make a retry a conflict.
        changed = earlier.edited_at is not None or earlier.deleted_at is not None
        if not changed and not says(earlier, draft):
            raise Conflict("This client_id was used for another message.")
        return earlier

    def _add(self, seat: Seat, draft: Draft) -> Message:
        room = seat.room
        room.head_seq += 1
        message = new_message(seat, draft)
        message.mentions = self.locked.mentionable.mentioned(seat, draft.body)
        files = [self.locked.unsent.pop(one) for one in draft.attachments]
        for file in files:
            file.message = message
        self.sent += files
        # The payload looks here, and nothing loads them for a new message.
        prefetched(message)["attachments"] = files
        self.new.append(message)
        self.locked.latest[room.pk, seat.user.pk] = message.created_at
        self.locked.targets.add((room.pk, message.seq))
        self.locked.know(message)
        return message

    def _raise_heads(self) -> None:
        """Update all rooms that grew by as much at once: mostly all grew by one."""
        grown = Counter(message.room_id for message in self.new)
        for count in set(grown.values()):
            rooms = [room_id for room_id in grown if grown[room_id] == count]
            Room.objects.filter(pk__in=rooms).update(head_seq=F("head_seq") + count)

    def _announce_on_commit(self, results: dict[int, Written]) -> None:
        changes: dict[UUID, list[Change]] = defaultdict(list)
        for message in self.new:
            change = Change(message.seq, "message.created", results[id(message)].json)
            changes[message.room_id].append(change)
        publish_on_commit(
            *(
                RoomChanged(str(pk), self.locked.rooms[pk].epoch, of_room)
                for pk, of_room in changes.items()
            )
        )
