"""Everything that a transaction knows before it writes, read under the rooms' locks.

Each statement is for all drafts at once. Nothing is trusted that was read before the
locks were taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from core.ids import as_uuid
from core.pipeline import Answer, Pipeline
from core.statement import Statement, loaded, time_of, uuid_of

from ..mentions import Mentionable, names
from ..models import Attachment, Message, Room
from . import sql
from .draft import Draft, Written, written
from .senders import Sender

# The columns of a room that sql.LOCK_ROOMS reads: those that the rules ask for.
_ROOM = (
    "id",
    "kind",
    "staff_only",
    "guests_may_read",
    "announcements_only",
    "archived_at",
    "slow_mode_seconds",
    "head_seq",
    "epoch",
)
# The same of a file by sql.LOCK_FILES.
_FILE = ("id", "name", "content_type", "size", "width", "height", "thumbnail")
# The numbers of a log. No message has another one, and no column takes one.
_NUMBERS = range(2**63)
# A room, and what else a statement wants to know.
Key = tuple[str, *tuple[object, ...]]


@dataclass(slots=True)
class Locked:
    """The rooms that the drafts name, their senders, and what the checks need of both.

    Rooms are named by their ids as texts, as the drafts name them.
    """

    drafts: Sequence[Draft]
    pipeline: Pipeline
    # By the text that a draft names them with; None for what is no id.
    ids: dict[str, UUID | None]
    rooms: dict[str, Room] = field(default_factory=dict)
    # By the draft's number; those who are nobody are missing.
    senders: dict[int, Sender] = field(default_factory=dict)
    # Messages by room, sender and client_id.
    known: dict[tuple[str, UUID, str], Written] = field(default_factory=dict)
    # Messages that may be replied to, by room and `seq`.
    targets: set[tuple[str, int]] = field(default_factory=set)
    # Files that are in no message yet, by room, uploader and id. A draft that sends
    # one takes it out of here.
    unsent: dict[tuple[str, UUID, str], Attachment] = field(default_factory=dict)
    mentionable: Mentionable = field(default_factory=Mentionable)
    # When each sender last wrote, in rooms with slow mode.
    latest: dict[tuple[str, UUID], datetime] = field(default_factory=dict)

    @classmethod
    def read(
        cls, drafts: Sequence[Draft], pipeline: Pipeline, *, skip_locked: bool
    ) -> "Locked":
        """Lock the rooms, without those that another transaction holds if
        `skip_locked`, and read the rest."""
        ids = {room: as_uuid(room) for room in {draft.room for draft in drafts}}
        locked = cls(drafts, pipeline, ids)
        # Each asks, and after its `yield` takes the answer.
        readers = [
            locked._lock_rooms(skip_locked),
            locked._read_senders(),
            locked._read_targets(),
            locked._lock_files(),
            locked._read_mentionable(),
        ]
        for reader in readers:
            next(reader, None)
        pipeline.receive()
        for reader in readers:
            next(reader, None)
        return locked

    def read_known(self) -> None:
        """Read the messages that have a draft's room, sender and client_id already.

        The ORM does it, because retries are rare and a whole message has many parts.
        """
        members = [self.drafts[n] for n, one in self.senders.items() if one.role]
        rows = Message.objects.filter(
            room__in={self.ids[draft.room] for draft in members},
            sender__in={draft.actor.id for draft in members},
            client_id__in={draft.client_id for draft in members} - {None},
        )
        for message in rows.whole():
            self.know(cast(UUID, message.sender_id), written(message))

    def know(self, sender: UUID, message: Written) -> None:
        """Remember a message by its key: two drafts of one batch may be the same."""
        room, client_id = message.message.room, message.message.client_id
        if client_id is not None:
            self.known[room, sender, client_id] = message

    def _ask(self, statement: Statement, keys: Sequence[Key]) -> Answer:
        """Each key begins with a room, of which the statement gets the id."""
        rows = [(self.ids[room], *rest) for room, *rest in keys]
        return self.pipeline.send(statement, rows)

    def _lock_rooms(self, skip_locked: bool) -> Iterator[None]:
        named = list(self.ids.items())
        lock = sql.LOCK_FREE_ROOMS if skip_locked else sql.LOCK_ROOMS
        answer = self._ask(lock, [(room,) for room in self.ids])
        yield
        for n, *columns in answer.fetchall():
            room, pk = named[n]
            self.rooms[room] = loaded(Room, _ROOM, (pk, *columns))

    def _read_senders(self) -> Iterator[None]:
        keys = [(d.room, d.actor.id, d.actor.session_id) for d in self.drafts]
        answer = self._ask(sql.READ_SENDERS, keys)
        yield
        for row in answer.fetchall():
            sender = Sender(*row)
            self.senders[sender.n] = sender
            if wrote_at := time_of(sender.wrote_at):
                room, person, _ = keys[sender.n]
                self.latest[room, person] = wrote_at

    def _read_targets(self) -> Iterator[None]:
        wanted = [
            (draft.room, draft.reply_to)
            for draft in self.drafts
            if draft.reply_to is not None and draft.reply_to in _NUMBERS
        ]
        if wanted:
            answer = self._ask(sql.READ_TARGETS, wanted)
            yield
            self.targets.update(wanted[n] for (n,) in answer.fetchall())

    def _lock_files(self) -> Iterator[None]:
        wanted = [
            (draft.room, draft.actor.id, file)
            for draft in self.drafts
            for file in draft.attachments
            if as_uuid(file) is not None
        ]
        if wanted:
            answer = self._ask(sql.LOCK_FILES, wanted)
            yield
            for n, *columns in answer.fetchall():
                pk = UUID(wanted[n][2])
                self.unsent[wanted[n]] = loaded(Attachment, _FILE, (pk, *columns))

    def _read_mentionable(self) -> Iterator[None]:
        wanted = [
            (draft.room, draft.actor.id, name)
            for draft in self.drafts
            for name in names(draft.body)
        ]
        if wanted:
            answer = self._ask(sql.READ_MENTIONED, wanted)
            yield
            for n, person in answer.fetchall():
                room, _, name = wanted[n]
                self.mentionable.ids[room, name] = str(uuid_of(person))
