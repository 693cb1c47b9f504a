"""Bugs that a chat server may well have, planted to see that the checker finds them."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Greatest

import realtime.delivery.feeds
import realtime.delivery.readers
from chat import queries
from chat.followers import cursors
from chat.followers.runner import Runner
from chat.log.batch import Batch
from chat.log.locked import Locked
from chat.models import Cursor, Room
from core.bus.envelopes import Change
from core.pipeline import pipelined
from realtime.delivery.checks import Checks
from realtime.delivery.feed import Feed
from realtime.delivery.stretch import Stretch
from realtime.writer import Writer


@contextmanager
def _in_turn() -> Iterator[Any]:
    """A cursor for changes of the schema: the processes start at the same time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1)")
        yield cursor


def publish_before_commit() -> None:
    """The event goes out while the transaction may still fail."""

    write, announce = Batch.write, Batch.announce

    def early(self: Batch) -> Any:
        outcomes = write(self)
        announce(self)
        time.sleep(0.05)
        return outcomes

    Batch.write = early  # type: ignore[method-assign]
    Batch.announce = lambda self: None  # type: ignore[method-assign]


def seq_outside_the_lock() -> None:
    """Numbers from a sequence, no room locked: a later one may be committed first."""
    with _in_turn() as cursor:
        cursor.execute("CREATE SEQUENCE IF NOT EXISTS planted")

    def lock_rooms(self: Locked, skip_locked: bool) -> Any:
        yield
        for text, pk in self.ids.items():
            if pk and (room := Room.objects.filter(pk=pk).first()):
                self.rooms[text] = room

    add = Batch._add

    def numbered(self: Batch, seat: Any, draft: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('planted')")
            seat.room.head_seq = cursor.fetchone()[0] - 1
        return add(self, seat, draft)

    def raise_heads(self: Batch) -> None:
        # Now and then a transaction takes longer than a hub waits for a missing number:
        # this is where the order is lost.
        time.sleep(random.choice((0, 0, 1.0)))
        for one in self.new:
            Room.objects.filter(pk=one.room).update(
                head_seq=Greatest("head_seq", one.message.seq)
            )

    Locked._lock_rooms = lock_rooms  # type: ignore[method-assign]
    Batch._add = numbered  # type: ignore[method-assign]
    Batch._raise_heads = raise_heads  # type: ignore[method-assign]


def reply_before_commit() -> None:
    """The sender is answered before the transaction ends."""

    def write(self: Writer, batch: Sequence[Any]) -> None:
        with pipelined() as pipeline:
            drafts = [draft for draft, *_ in batch]
            outcomes = Batch(pipeline, drafts, True).write()
            self._loop.call_soon_threadsafe(self._written, batch, outcomes)
            time.sleep(0.05)

    Writer._write = write  # type: ignore[method-assign]


def client_id_not_unique() -> None:
    """A retry is a new message."""
    with _in_turn() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'u'"
            " AND conrelid = 'chat_message'::regclass"
            " AND pg_get_constraintdef(oid) LIKE '%client_id%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE chat_message DROP CONSTRAINT "{name}"')
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'chat_message'"
            " AND indexdef LIKE 'CREATE UNIQUE%client_id%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
    Batch._earlier = lambda *_: None  # type: ignore[method-assign]


def no_position_check() -> None:
    """The last event of a quiet room is lost with its hint."""

    async def nothing(self: Checks) -> None:
        await asyncio.sleep(0)

    Checks.check_heads = nothing  # type: ignore[method-assign]


def no_reorder() -> None:
    """Changes go out in the order in which the layer brings them."""

    def offer(self: Feed, epoch: str, changes: Iterable[Change]) -> None:
        for change in changes:
            self.readers.send(Stretch(change.seq - 1, change.seq, [change]))

    Feed.offer = offer  # type: ignore[method-assign]


def membership_not_checked() -> None:
    """A person who left may still catch up."""
    queries.catching_up.check_read = lambda seat: None  # type: ignore[attr-defined]


def readers_not_confirmed() -> None:
    """A reset passes over removals, and nobody asks who may still read."""

    async def nothing(rooms: object) -> None:
        await asyncio.sleep(0)

    realtime.delivery.readers.confirm = nothing
    realtime.delivery.feeds.confirm = nothing  # type: ignore[attr-defined]


def truncated_list() -> None:
    """The server says `recovered: true` and sends the first five changes alone."""
    missed = queries.catching_up._missed

    def truncated(*args: Any) -> Any:
        found = missed(*args)
        return None if found is None else (found[0][:5], found[1])

    queries.catching_up._missed = truncated  # type: ignore[assignment]


def cursor_before_delivery() -> None:
    """A follower's cursor is past a batch that it has not delivered yet."""
    deliver = Runner._deliver

    def saved_first(self: Runner, cursor: Cursor) -> None:
        cursors.save(cursor, cursors.read(cursor))
        deliver(self, cursor)

    Runner._deliver = saved_first  # type: ignore[method-assign]


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        publish_before_commit,
        seq_outside_the_lock,
        reply_before_commit,
        client_id_not_unique,
        no_position_check,
        no_reorder,
        membership_not_checked,
        readers_not_confirmed,
        truncated_list,
        cursor_before_delivery,
    )
}


def plant(name: str) -> None:
    BUGS[name]()
