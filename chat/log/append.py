"""The room's log: `append`, `say`, `change` and `record` are the only ways in.

Each works under the locks of its rooms' rows, which `append` takes in the order of
their ids, and holds them until commit. So the numbers of a room have no gap and commit
in order, two writers cannot deadlock, and no membership changes between the check and
the write.
"""

from collections.abc import Callable, Sequence

from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    transaction,
)

from accounts.actor import Actor
from accounts.models import User
from core.bus.envelopes import Change, EventName, RoomChanged
from core.bus.publisher import publish_on_commit
from core.db_timeouts import is_lock_timeout, is_timeout
from core.errors import Invalid, Refusal
from core.pipeline import pipelined

from ..access.rooms import access_room
from ..access.seat import Seat
from ..access.visibility import check_member
from ..errors import MessageNotFound
from ..mentions import change_mentions
from ..models import Message, Room
from ..payloads.system_events import SystemEvent, to_column
from .batch import Batch, LookTwice
from .draft import Appended, Draft, Outcome, Written, written

# Every column that can change after a message was written.
_CHANGING = ("body", "mentions", "edited_at", "deleted_at", "pinned_at", "rev")

# Changes the loaded message, and names the event that tells of it. None: the message
# was already as it should be, and nothing is written.
Edit = Callable[[Seat, Message], EventName | None]


def append(drafts: Sequence[Draft]) -> list[Outcome]:
    """Write the drafts in one transaction; return the outcome of each, in their order.

    At the return everything is committed (unless the caller holds a transaction) and
    announced. A draft that the database itself refuses fails alone.

    The first attempt does not look for retries, because they are rare. It fails when
    the unique index on client_id finds one, and when the connection breaks, which may
    have been before or after the commit. The second attempt then reads the keys that
    are stored. When a room stays locked, the second attempt refuses the drafts of that
    room and writes the others.
    """
    skip_locked = False
    try:
        return _in_transaction(drafts, look_for_retries=False)
    except (OperationalError, InterfaceError) as error:
        skip_locked = is_lock_timeout(error)
        # With the connection a transaction of the caller's is lost as well.
        is_callers = transaction.get_connection().in_atomic_block
        if is_callers or (is_timeout(error) and not skip_locked):
            raise
    except (IntegrityError, DataError, LookTwice):
        pass
    try:
        return _in_transaction(drafts, look_for_retries=True, skip_locked=skip_locked)
    except (IntegrityError, DataError):
        if len(drafts) == 1:
            return [Invalid(fields={"body": ["This text cannot be stored."]})]
        return [outcome for draft in drafts for outcome in append([draft])]


def _in_transaction(
    drafts: Sequence[Draft], *, look_for_retries: bool, skip_locked: bool = False
) -> list[Outcome]:
    with pipelined() as pipeline:
        batch = Batch(pipeline, drafts, look_for_retries, skip_locked)
        outcomes = batch.write()
    batch.announce()
    return outcomes


def append_one(draft: Draft) -> Appended:
    """Write a batch of one. Raises the refusal of it."""
    [outcome] = append([draft])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def say(room: Room, event: SystemEvent, *, by: User) -> None:
    """Write a system event into the room's log, sent by this person.

    Nothing is checked. The caller holds the room's row, whose `head_seq` becomes the
    event's number, has checked that the event may happen, and has just read `by`.
    """
    if not room.notices:
        event = event.hidden()
    room.head_seq += 1
    message = Message.objects.create(
        room=room,
        seq=room.head_seq,
        rev=room.head_seq,
        kind=Message.Kind.SYSTEM,
        sender=by,
        event=to_column(event),
    )
    room.save(update_fields=["head_seq"])
    change = Change(
        room.head_seq, "message.created", written(message).json, event.evicts()
    )
    publish_on_commit(RoomChanged(str(room.pk), room.epoch, [change]))


@transaction.atomic
def change(actor: Actor, room_id: str, seq: int, edit: Edit) -> Written:
    """Change a message that is there; the change takes the room's next number.

    `edit` checks and changes the loaded message under the room's lock. Raises what
    `edit` raises, RoomNotFound, Forbidden or MessageNotFound.
    """
    seat = access_room(actor, room_id, lock=True)
    check_member(seat)
    rows = Message.objects.filter(room=seat.room, seq=seq)
    message = rows.select_related("sender").first()
    if message is None:
        raise MessageNotFound
    event = edit(seat, message)
    if event is None:
        return written(rows.whole().get())
    [result] = record(seat.room, [message], event)
    return result


def record(room: Room, messages: Sequence[Message], event: EventName) -> list[Written]:
    """Store these changed messages, each with the room's next number.

    The caller holds the room's row.
    """
    for message in messages:
        room.head_seq += 1
        message.rev = room.head_seq
    room.save(update_fields=["head_seq"])
    Message.objects.bulk_update(messages, _CHANGING)
    change_mentions(messages)
    # Read again, for the reactions and files that the messages have now.
    rows = Message.objects.whole().filter(pk__in=[message.pk for message in messages])
    results = [written(message) for message in rows.order_by("rev")]
    changes = [Change(r.message.rev, event, r.json) for r in results]
    publish_on_commit(RoomChanged(str(room.pk), room.epoch, changes))
    return results
