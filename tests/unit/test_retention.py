"""Messages kept for so many days: what goes, what stays, and who is told."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import (
    DjangoCaptureOnCommitCallbacks,
    Settings,
)

from accounts.models import User
from backend.storages import file_storage
from chat import queries
from chat.actions import erasing
from chat.actions.attachments import add_attachment
from chat.actions.messages import send_message
from chat.actions.pins import pin_message
from chat.actions.reactions import add_reaction
from chat.actions.retention import forget_old, sweep
from chat.actions.rooms import update_room
from chat.errors import RoomNotFound
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Attachment, Lease, Message, Reaction, Room
from chat.payloads.rooms import RoomPayload
from chat.payloads.system_events import SystemRoomSettingsChanged
from chat.queries.messages import Resume, catch_up, history
from core import jobs
from core.bus.envelopes import Envelope, RoomChanged
from core.errors import Forbidden
from core.jobs import Job
from tests.people import acting


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "_PAUSE_SECONDS", 0)


def say(room: RoomPayload, user: User, *, days: Sequence[float]) -> list[int]:
    """One message for each, so many days old; their numbers."""
    drafts = [Draft(room.id, acting(user), f"{age} days old") for age in days]
    append(drafts)
    said = Message.objects.filter(room_id=room.id, kind="user").order_by("-seq")
    found = list(said[: len(drafts)])[::-1]
    for message, age in zip(found, days, strict=True):
        made = timezone.now() - timedelta(days=age)
        Message.objects.filter(pk=message.pk).update(created_at=made)
    return [message.seq for message in found]


def keep(room: RoomPayload, days: int | None) -> None:
    Room.objects.filter(pk=room.id).update(retention_days=days)


def left(room: RoomPayload) -> list[int]:
    said = Message.objects.filter(room_id=room.id, kind="user", deleted_at=None)
    return list(said.order_by("seq").values_list("seq", flat=True))


def test_what_is_older_goes(alice: User, room: RoomPayload) -> None:
    _, _, newer, new = say(room, alice, days=[90, 30.01, 29.99, 0])
    keep(room, 30)
    sweep()
    assert left(room) == [newer, new]


def test_it_is_a_setting_of_owners_that_the_log_tells_of(
    alice: User, bob: User, room: RoomPayload
) -> None:
    changed = update_room(acting(alice), room.id, {"retention_days": 30})
    assert changed.retention_days == 30
    last = history(acting(bob), room.id).messages[-1]
    assert last.event == SystemRoomSettingsChanged(retention_days=30)
    assert (
        update_room(acting(alice), room.id, {"retention_days": None}).retention_days
        is None
    )
    with pytest.raises(Forbidden):
        update_room(acting(bob), room.id, {"retention_days": 1})


def test_rooms_that_keep_everything(alice: User, room: RoomPayload) -> None:
    seqs = say(room, alice, days=[4000])
    sweep()
    assert left(room) == seqs


def test_pinned_and_system_messages_stay(alice: User, room: RoomPayload) -> None:
    pinned, _ = say(room, alice, days=[90, 90])
    pin_message(acting(alice), room.id, pinned, pinned=True)
    Message.objects.filter(kind="system").update(
        created_at=timezone.now() - timedelta(days=90)
    )
    keep(room, 30)
    sweep()
    assert left(room) == [pinned]
    system = Message.objects.filter(kind="system")
    assert not system.exclude(deleted_at=None).exists()
    pin_message(acting(alice), room.id, pinned, pinned=False)
    sweep()
    assert left(room) == []


def test_files_and_reactions_go_too(
    alice: User,
    bob: User,
    room: RoomPayload,
    settings: Settings,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(tmp_path)}
    old, new = (
        send_message(
            acting(bob),
            room.id,
            client_id=key,
            body="look",
            attachments=[
                add_attachment(acting(bob), room.id, ContentFile(b"x", "a.txt")).id
            ],
        ).message
        for key in ("old", "new")
    )
    add_reaction(acting(alice), room.id, old.seq, emoji="👍")
    Message.objects.filter(seq=old.seq).update(
        created_at=timezone.now() - timedelta(days=2)
    )
    keep(room, 1)
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert not Reaction.objects.exists()
    [kept] = Attachment.objects.all()
    assert kept.message == Message.objects.get(seq=new.seq)
    assert default_storage.listdir("attachments")[1] == [kept.file]


def test_readers_and_who_comes_later_see_the_same(
    alice: User,
    bob: User,
    room: RoomPayload,
    published: list[Envelope],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    old = say(room, alice, days=[9, 9, 9])
    say(room, alice, days=[0])
    head = Room.objects.get().head_seq
    keep(room, 7)
    published.clear()
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    [changed] = published
    assert isinstance(changed, RoomChanged)
    told = [(change.seq, change.event) for change in changed.changes]
    assert told == [(head + n, "message.deleted") for n in (1, 2, 3)]
    caught_up = catch_up(acting(bob), [Resume(room.id, head)])[room.id]
    assert isinstance(caught_up, queries.messages.CaughtUp)
    assert caught_up.head_seq == head + 3
    assert [(one.seq, one.body) for one in caught_up.messages] == [
        (seq, "") for seq in old
    ]
    assert all(one.deleted_at for one in caught_up.messages)


def test_unread_counts_are_right_afterwards(
    alice: User, bob: User, room: RoomPayload
) -> None:
    say(room, alice, days=[9, 9, 1])
    assert queries.rooms.room(acting(bob), room.id).read is not None
    assert unread(bob, room) == 3
    keep(room, 7)
    sweep()
    assert unread(bob, room) == 1


def unread(user: User, room: RoomPayload) -> int:
    read = queries.rooms.room(acting(user), room.id).read
    assert read is not None
    return read.unread


def test_in_batches_of_which_each_costs_the_same(
    alice: User,
    room: RoomPayload,
    monkeypatch: pytest.MonkeyPatch,
    published: list[Envelope],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 10)
    say(room, alice, days=[9] * 25)
    keep(room, 7)
    published.clear()
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    sizes = [len(one.changes) for one in published if isinstance(one, RoomChanged)]
    assert sizes == [10, 10, 5]
    costs = []
    for count in (3, 9):
        say(room, alice, days=[9] * count)
        with CaptureQueriesContext(connection) as captured:
            erasing._erase_batch(UUID(room.id), queries.retention.due, 0)
        costs.append(len(captured))
    assert left(room) == []
    assert costs[0] == costs[1]


def test_dying_in_the_middle_leaves_the_rest_for_the_next(
    alice: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 10)
    say(room, alice, days=[9] * 25)
    keep(room, 7)
    real = erasing._erase_batch
    calls = iter(range(2))

    def killed(*args: object) -> int | None:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as dying:
        dying.setattr(erasing, "_erase_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep()
    assert len(left(room)) == 5
    sweep()
    assert left(room) == []
    assert Room.objects.get().head_seq == 2 + 25 + 25


def test_one_process_at_a_time(alice: User, room: RoomPayload) -> None:
    seqs = say(room, alice, days=[9])
    keep(room, 7)
    until = Now() + timedelta(seconds=60)
    Lease.objects.create(name="retention", holder="other", until=until)
    sweep()
    assert left(room) == seqs
    Lease.objects.update(until=Now() - timedelta(seconds=1))
    sweep()
    assert left(room) == []
    assert not Lease.objects.exists()


def test_owner_who_keeps_more_in_time_saves_the_rest(
    alice: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch asks the room anew, under its lock."""
    monkeypatch.setattr(erasing, "BATCH", 1)
    _, second = say(room, alice, days=[9, 9])
    keep(room, 7)

    def renew(_: Lease) -> None:
        if left(room) == [second]:
            keep(room, None)

    monkeypatch.setattr("chat.actions.retention.renew", renew)
    sweep()
    assert left(room) == [second]


def test_clean_up_only_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Job] = []
    monkeypatch.setattr(jobs, "start", started.append)
    forget_old()
    assert started == [sweep]


def test_preview_says_what_the_sweep_does(alice: User, room: RoomPayload) -> None:
    pinned, *_, new = say(room, alice, days=[90, 90, 31, 29, 0])
    pin_message(acting(alice), room.id, pinned, pinned=True)
    file = add_attachment(acting(alice), room.id, ContentFile(b"x", "a.txt")).id
    [old] = say(room, alice, days=[50])
    Attachment.objects.filter(pk=file).update(message=Message.objects.get(seq=old))
    shown = queries.retention.preview(acting(alice), room.id, 30)
    assert (shown.messages, shown.files, shown.oldest_seq) == (3, 1, pinned)
    assert shown.oldest_at == Message.objects.get(seq=pinned).created_at
    keep(room, 30)
    before = len(left(room))
    sweep()
    assert before - len(left(room)) == 3
    assert not Attachment.objects.exists()
    assert new in left(room)


def test_preview_of_a_room_where_nothing_would_stay(
    alice: User, room: RoomPayload
) -> None:
    say(room, alice, days=[9])
    shown = queries.retention.preview(acting(alice), room.id, 1)
    assert (shown.messages, shown.oldest_seq, shown.oldest_at) == (1, None, None)


def test_preview_is_for_who_may_set_it(
    bob: User, charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    with pytest.raises(Forbidden):
        queries.retention.preview(acting(bob), room.id, 1)
    with pytest.raises(RoomNotFound):
        queries.retention.preview(acting(charlie), private_room.id, 1)


def test_erasing_a_room_that_is_gone(alice: User, room: RoomPayload) -> None:
    Room.objects.all().delete()
    erasing.erase(UUID(room.id), lambda _: Q(), renew=lambda: None)
