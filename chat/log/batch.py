"""One transaction's worth of drafts: what `log.append` does under the rooms' locks.

A batch reads all that it needs at once (locked.py), decides draft by draft, and writes
all messages at once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

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
from core.pipeline import Pipeline

from ..access.messages import check_level, check_send
from ..access.roles import is_exempt
from ..access.seat import Seat
from ..access.visibility import check_member
from ..errors import MessageNotFound, RoomNotFound
from ..payloads.messages import attachment_payloads
from . import sql
from .draft import Appended, Draft, Outcome, Written, new_message, says
from .locked import Locked
from .new import New


class LookTwice(Exception):
    """A refused draft may be a retry: read what its sender stored, and begin again."""


@dataclass(slots=True)
class Batch:
    """The drafts, and what was decided of them so far. `write` is called once."""

    pipeline: Pipeline
    drafts: Sequence[Draft]
    looked_for_retries: bool
    skipped_locked: bool = False
    locked: Locked = field(init=False)
    new: list[New] = field(default_factory=list)

    def write(self) -> list[Outcome]:
        self.locked = Locked.read(
            self.drafts, self.pipeline, skip_locked=self.skipped_locked
        )
        if self.looked_for_retries:
            self.locked.read_known()
        outcomes = [self._outcome(n, draft) for n, draft in enumerate(self.drafts)]
        if self.new:
            self._insert()
            self._raise_heads()
        return outcomes

    def announce(self) -> None:
        """Tell of the new messages. Call it when they are committed."""
        changes: dict[str, list[Change]] = defaultdict(list)
        for one in self.new:
            change = Change(one.message.seq, "message.created", one.json)
            changes[one.message.room].append(change)
        rooms = self.locked.rooms
        publish_on_commit(
            *(RoomChanged(room, rooms[room].epoch, changes[room]) for room in changes)
        )

    def _outcome(self, n: int, draft: Draft) -> Outcome:
        """The draft's message and whether it was there before, or the refusal.

        A retry is answered before the right to send is checked: a sender who was muted
        in between must still learn that the first attempt had worked.
        """
        try:
            seat = self._seat(n, draft)
            if earlier := self._earlier(seat, draft):
                return Appended(*earlier, duplicate=True)
            self._check_send(seat, draft)
            return Appended(*self._add(seat, draft), duplicate=False)
        except Refusal as refusal:
            return refusal

    def _seat(self, n: int, draft: Draft) -> Seat:
        """The sender in front of the room, both as they are now.

        Raises Unauthorized when the sender's token would no longer do, RoomNotFound,
        Forbidden for somebody who is no member, or Unavailable for a locked room.
        """
        sender = self.locked.senders.get(n)
        if sender is None or not sender.may_act(draft.actor):
            raise Unauthorized
        room = self.locked.rooms.get(draft.room)
        if room is None:
            # The same for a room that is not there, so that hidden rooms stay hidden.
            if self.skipped_locked:
                raise Unavailable(retry_after=RETRY_SECONDS)
            raise RoomNotFound
        seat = sender.seat(draft.actor, room)
        check_member(seat)
        return seat

    def _check_send(self, seat: Seat, draft: Draft) -> None:
        try:
            check_send(seat)
            check_level(seat, draft.level)
            self._check_slow_mode(seat, draft)
            self._check_attachments(seat, draft)
            target = (draft.room, draft.reply_to)
            if draft.reply_to is not None and target not in self.locked.targets:
                raise MessageNotFound("The message you reply to is not in this room.")
        except Refusal:
            if not self.looked_for_retries:
                raise LookTwice from None
            raise

    def _check_slow_mode(self, seat: Seat, draft: Draft) -> None:
        pause = timedelta(seconds=seat.room.slow_mode_seconds)
        last = self.locked.latest.get((draft.room, seat.user.pk))
        if not pause or last is None or is_exempt(seat):
            return
        wait = (last + pause - timezone.now()).total_seconds()
        if wait > 0:
            raise RateLimited("This room is in slow mode.", retry_after=round(wait, 1))

    def _check_attachments(self, seat: Seat, draft: Draft) -> None:
        """Raises one error for everything, which must not tell which files exist."""
        sender = seat.user.pk
        for file in draft.attachments:
            if (draft.room, sender, file) not in self.locked.unsent:
                problem = "Upload each file to this room, and send it once."
                raise Invalid(fields={"attachments": [problem]})

    def _earlier(self, seat: Seat, draft: Draft) -> Written | None:
        """The message of an earlier attempt. Raises Conflict when it is another one."""
        if draft.client_id is None:
            return None
        key = (draft.room, seat.user.pk, draft.client_id)
        earlier = self.locked.known.get(key)
        if earlier is None:
            return None
        message = earlier.message
        # An edit or a deletion since then does not make a retry a conflict.
        changed = message.edited_at is not None or message.deleted_at is not None
        if not changed and not says(message, draft):
            raise Conflict("This client_id was used for another message.")
        return earlier

    def _add(self, seat: Seat, draft: Draft) -> Written:
        seat.room.head_seq += 1
        sender = seat.user.pk
        mentions = self.locked.mentionable.mentioned(seat, draft.body)
        files = [
            self.locked.unsent.pop((draft.room, sender, file))
            for file in draft.attachments
        ]
        written = new_message(seat, draft, mentions, attachment_payloads(files))
        self.new.append(New(seat.room.pk, sender, *written))
        self.locked.latest[draft.room, sender] = written.message.created_at
        self.locked.targets.add((draft.room, written.message.seq))
        self.locked.know(sender, written)
        return written

    def _insert(self) -> None:
        self.pipeline.send(sql.INSERT_MESSAGES, [one.row() for one in self.new])
        if mentions := [row for one in self.new for row in one.mentions()]:
            self.pipeline.send(sql.INSERT_MENTIONS, mentions)
        if files := [row for one in self.new for row in one.files()]:
            self.pipeline.send(sql.SEND_FILES, files)

    def _raise_heads(self) -> None:
        heads = {one.room: one.message.seq for one in self.new}
        self.pipeline.send(sql.RAISE_HEADS, list(heads.items()))
