"""Messages kept for so many days: what goes, what stays, and who is told."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import (
    DjangoCaptureOnCommitCallbacks,
    Settings,
)

from accounts.models import User
from backend.storages import file_storage
from chat import queries
from chat.actions.attachments import add_attachment
from chat.actions.messages import send_message
from chat.actions.pins import pin_message
from chat.actions.reactions import add_reaction
from chat.actions.retention import sweep
from chat.actions.rooms import update_room
from chat.errors import RoomNotFound
from chat.models import Attachment, Message, Reaction, Room
from chat.payloads.rooms import RoomPayload
from chat.payloads.system_events import SystemRoomSettingsChanged
from chat.queries.catching_up import CaughtUp, Resume
from chat.queries.messages import history
from core.bus.envelopes import Envelope, RoomChanged
from core.errors import Forbidden
from tests.people import acting
from tests.unit.resuming import resumed

from .aging import keep, left, say

pytestmark = pytest.mark.usefixtures("without_pauses")


def test_the_sweep_deletes_older_messages(alice: User, room: RoomPayload) -> None:
    _, _, newer, new = say(room, alice, days=[90, 30.01, 29.99, 0])
    keep(room, 30)
    sweep()
    assert left(room) == [newer, new]


def test_owners_set_how_long_messages_stay_and_the_log_says_so(
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


def test_a_room_without_the_setting_keeps_everything(
    alice: User, room: RoomPayload
) -> None:
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


def test_the_sweep_deletes_files_and_reactions_too(
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


def test_readers_and_later_visitors_see_the_same(
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
    caught_up = resumed(acting(bob), [Resume(room.id, head)])[room.id]
    assert isinstance(caught_up, CaughtUp)
    assert caught_up.head_seq == head + 3
    assert [(one.seq, one.body) for one in caught_up.messages] == [
        (seq, "") for seq in old
    ]
    assert all(one.deleted_at for one in caught_up.messages)


def test_unread_counts_are_right_after_the_sweep(
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


def test_the_preview_says_what_the_sweep_does(alice: User, room: RoomPayload) -> None:
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


def test_the_preview_says_when_no_message_would_stay(
    alice: User, room: RoomPayload
) -> None:
    say(room, alice, days=[9])
    shown = queries.retention.preview(acting(alice), room.id, 1)
    assert (shown.messages, shown.oldest_seq, shown.oldest_at) == (1, None, None)


def test_only_owners_see_the_preview(
    bob: User, charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    with pytest.raises(Forbidden):
        queries.retention.preview(acting(bob), room.id, 1)
    with pytest.raises(RoomNotFound):
        queries.retention.preview(acting(charlie), private_room.id, 1)
