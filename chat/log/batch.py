"""One transaction's worth of drafts: what `log.append` does under the rooms' locks.

Reads all that it needs (facts.py), decides draft by draft, writes all at once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from core.bus import publisher
from core.bus.envelopes import Change, RoomChanged
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
from ..payloads.messages import leaver, prefetched
from .draft import (
    Appended,
    Draft,
    Outcome,
    Written,
    new_message,
    says,
    written,
)
from .locked import Facts


class Placed(NamedTuple):
    message: Message
    duplicate: bool


class LookTwice(Exception):
    """Somebody's draft may be a retry: read what they sent before and begin again."""


@dataclass(slots=True)
class Batch:
    """What became of the drafts so far. `write` is called once."""

    drafts: Sequence[Draft]
    looked_for_retries: bool
    skipped_locked: bool = False
    facts: Facts = field(init=False)
    sent: list[Attachment] = field(default_factory=list)
    new: list[Message] = field(default_factory=list)

    def write(self) -> list[Outcome]:
        self.facts = Facts.read(
            self.drafts,
            retries=self.looked_for_retries,
            skip_locked=self.skipped_locked,
        )
        placed = [self._place(draft) for draft in self.drafts]
        Message.objects.bulk_create(self.new)
        add_mentions(self.new)
        if self.sent:
            Attachment.objects.bulk_update(self.sent, ["message"])
        self._raise_heads()
        found = {id(message): written(message) for message in self._all()}
        self._announce_on_commit(found)
        return [_outcome(result, found) for result in placed]

    def _all(self) -> Iterable[Message]:
        return chain(self.new, self.facts.known.values())

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
        actor = self._actor(draft)
        room = self.facts.rooms.get(room_uuid(draft.room))
        if room is None and self.skipped_locked:
            # The same for a room that is not there: nobody learns of one that is.
            raise Unavailable(retry_after=RETRY_SECONDS)
        if room is None:
            raise RoomNotFound
        key = (room.pk, actor.id)
        membership = self.facts.memberships.get(key)
        banned, blocked = key in self.facts.banned, key in self.facts.blocked
        seat = Seat(actor, room, membership, is_banned=banned, is_blocked=blocked)
        # What the chat itself writes was checked by the action that writes it.
        if draft.event is None:
            check_member(seat)
        return seat

    def _actor(self, draft: Draft) -> Actor:
        """As they are now. Raises Unauthorized when their token would not do."""
        actor = draft.actor
        user = self.facts.users.get(actor.id)
        if user is None:
            raise Unauthorized
        # An event may be about somebody who has just deleted their account.
        if draft.event is None:
            if not user.is_active or user.token_version != actor.user.token_version:
                raise Unauthorized
            if not actor.is_system and actor.session_id not in self.facts.sessions:
                raise Unauthorized
        return actor.as_now(user)

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
        last = self.facts.latest.get((seat.room.pk, seat.user.pk))
        if not pause or last is None or is_exempt(seat):
            return
        wait = (last + pause - timezone.now()).total_seconds()
        if wait > 0:
            raise RateLimited("This room is in slow mode.", retry_after=round(wait, 1))

    def _check_attachments(self, seat: Seat, draft: Draft) -> None:
        """One answer for all that is wrong: it must not tell which files there are."""
        for attachment_id in draft.attachments:
            found = self.facts.unsent.get(attachment_id)
            here = found is not None and found.room_id == seat.room.pk
            if found is None or not here or found.uploader_id != seat.user.pk:
                problem = "Upload each file to this room, and send it once."
                raise Invalid(fields={"attachments": [problem]})

    def _earlier(self, seat: Seat, draft: Draft) -> Message | None:
        """The message with the same client_id, if it says the same."""
        if draft.client_id is None:
            return None
        earlier = self.facts.known.get((seat.room.pk, seat.user.pk, draft.client_id))
        if earlier is None:
            return None
        # An edit or a deletion since then does not make a retry a conflict.
        changed = earlier.edited_at is not None or earlier.deleted_at is not None
        if not says(earlier, draft) and not changed:
            raise Conflict("This client_id was used for another message.")
        return earlier

    def _add(self, seat: Seat, draft: Draft) -> Message:
        room = seat.room
        target = (room.pk, draft.reply_to)
        if draft.reply_to is not None and target not in self.facts.targets:
            raise MessageNotFound("The message you reply to is not in this room.")
        room.head_seq += 1
        message = new_message(seat, draft)
        message.mentions = self.facts.mentionable.mentioned(seat, draft.body)
        if draft.attachments:
            self._attach(message, draft)
        self.facts.latest[room.pk, seat.user.pk] = message.created_at
        self.new.append(message)
        self.facts.targets.add((room.pk, message.seq))
        self.facts.know(message)
        return message

    def _attach(self, message: Message, draft: Draft) -> None:
        """Also to what `whole` would have loaded, since nothing will load it."""
        found = [self.facts.unsent.pop(one) for one in draft.attachments]
        for attachment in found:
            attachment.message = message
        self.sent += found
        prefetched(message)["attachments"] = found

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
            RoomChanged(str(pk), self.facts.rooms[pk].epoch, of_room)
            for pk, of_room in changes.items()
        ]
        if envelopes:
            transaction.on_commit(lambda: publisher.publish(envelopes))


def _outcome(result: Placed | Refusal, found: dict[int, Written]) -> Outcome:
    if isinstance(result, Refusal):
        return result
    return Appended(*found[id(result.message)], result.duplicate)
