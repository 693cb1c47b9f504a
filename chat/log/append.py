"""The room's log: `append`, `change` and `record` are the only ways in.

The rooms' rows are locked first, in the order of their ids, and held until commit. So
the numbers of a room have no gap and commit in order, two writers cannot deadlock, and
nobody's membership changes between the check and the write.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    transaction,
)

from accounts.actor import Actor, system
from accounts.models import User
from core.bus import publisher
from core.bus.envelopes import Change, EventName, RoomChanged
from core.db_timeouts import is_lock_timeout, is_timeout
from core.errors import Invalid, Refusal

from ..access.rooms import access_room
from ..access.seat import Seat
from ..access.visibility import check_member
from ..errors import MessageNotFound
from ..mentions import change_mentions
from ..models import Message, Room
from .batch import Batch, LookTwice
from .draft import (
    Appended,
    Draft,
    Outcome,
    Written,
    written,
)

# All that ever changes of a message that is there.
_CHANGING = ("body", "mentions", "edited_at", "deleted_at", "pinned_at", "rev")

# Changes the message and says which event that is; None when it is as wished already.
Edit = Callable[[Seat, Message], EventName | None]


def append(drafts: Sequence[Draft]) -> list[Outcome]:
    """Write the drafts in one transaction; for each, in order, what became of it.

    When this returns everything is committed (unless the caller holds a transaction)
    and announced. A draft that the database itself refuses fails alone.

    Retries are rare, so the first attempt does not look for them: the unique index on
    client_id does. Only then are the keys read, in a second attempt. The same when the
    connection breaks: nobody knows whether that was before or after the commit. When a
    room stays locked its drafts alone are refused, and the second attempt writes the
    others.
    """
    skip_locked = False
    try:
        return _in_transaction(drafts, look_for_retries=False)
    except _broken() as error:
        skip_locked = is_lock_timeout(error)
        if is_timeout(error) and not skip_locked:
            raise
    except (IntegrityError, DataError, LookTwice):
        pass
    try:
        return _in_transaction(drafts, look_for_retries=True, skip_locked=skip_locked)
    except (IntegrityError, DataError):
        if len(drafts) == 1:
            return [Invalid(fields={"body": ["This text cannot be stored."]})]
        return [outcome for draft in drafts for outcome in append([draft])]


def _broken() -> tuple[type[Exception], ...]:
    """What a lost connection raises; a caller's transaction is lost with it."""
    if transaction.get_connection().in_atomic_block:
        return ()
    return (OperationalError, InterfaceError)


def _in_transaction(
    drafts: Sequence[Draft], *, look_for_retries: bool, skip_locked: bool = False
) -> list[Outcome]:
    with transaction.atomic():
        return Batch(drafts, look_for_retries, skip_locked).write()


def append_one(draft: Draft) -> Appended:
    """A batch of one. Raises what refused it."""
    [outcome] = append([draft])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def say(room: Room, event: dict[str, Any], *, by: User) -> None:
    """Write what happened into the room's log, as the chat itself.

    The caller holds the room's row and has checked that it may happen.
    """
    append_one(Draft(str(room.pk), system(by), event=event))
    room.refresh_from_db(fields=["head_seq"])


@transaction.atomic
def change(actor: Actor, room_id: str, seq: int, edit: Edit) -> Written:
    """One durable change of a message that is there, with the room's next number.

    `edit` checks and changes the loaded message under the room's lock. Raises what it
    raises, RoomNotFound, Forbidden or MessageNotFound.
    """
    seat = access_room(actor, room_id, lock=True)
    check_member(seat)
    message = Message.objects.filter(room=seat.room, seq=seq)
    found = message.select_related("sender").first()
    if found is None:
        raise MessageNotFound
    event = edit(seat, found)
    if event is None:
        return written(message.whole().get())
    [result] = record(seat.room, [found], event)
    return result


def record(room: Room, messages: Sequence[Message], event: EventName) -> list[Written]:
    """Store what was changed of these messages, each with the room's next number.

    The caller holds the room's row.
    """
    for message in messages:
        room.head_seq += 1
        message.rev = room.head_seq
    room.save(update_fields=["head_seq"])
    Message.objects.bulk_update(messages, _CHANGING)
    change_mentions(messages)
    # Read again: with the reactions and files that there are now.
    rows = Message.objects.whole().filter(pk__in=[message.pk for message in messages])
    results = [written(message) for message in rows.order_by("rev")]
    changes = [Change(r.message.rev, event, r.json) for r in results]
    envelope = RoomChanged(str(room.pk), room.epoch, changes)
    transaction.on_commit(lambda: publisher.publish([envelope]))
    return results
