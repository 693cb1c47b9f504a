"""How much a person, and all people together, may store: counted and given back."""

from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db.models import Sum
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from backend.storages import file_storage
from chat import quotas, stored_files
from chat.actions import exports
from chat.actions.attachments import add_attachment, remove_attachments
from chat.actions.avatars import change_avatar, change_room_avatar, remove_avatar
from chat.actions.departures import close_account, depart
from chat.actions.messages import delete_message, send_message
from chat.actions.retention import sweep
from chat.actions.rooms import delete_room, update_room
from chat.models import Attachment, Departure, Export, Message, StoredFile, StoredTotal
from chat.payloads.rooms import RoomPayload
from core.errors import QuotaExceeded
from core.limits.table import LIMITS
from tests.people import acting
from tests.pictures import png

from .threads import at_once

KIB = 1024


@pytest.fixture(autouse=True)
def here(settings: Settings, tmp_path: Path) -> Path:
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(tmp_path)}
    return tmp_path


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the quotas in use."""

    def allow(**fields: int) -> None:
        table = msgspec.structs.replace(LIMITS, **fields)
        monkeypatch.setattr(quotas, "LIMITS", table)

    return allow


def file(size: int) -> "ContentFile[bytes]":
    return ContentFile(b"x" * size, "notes.txt")


def total() -> int:
    found = StoredTotal.objects.first()
    counted = StoredFile.objects.aggregate(bytes=Sum("bytes"))["bytes"] or 0
    assert (found.bytes if found else 0) == counted
    return counted


def on_disk(here: Path) -> int:
    """As the quota counts: in whole blocks."""
    sizes = [path.stat().st_size for path in here.rglob("*") if path.is_file()]
    return sum(-(-size // quotas.BLOCK) * quotas.BLOCK for size in sizes)


def test_everything_that_is_on_the_disk_counts(
    alice: User, bob: User, room: RoomPayload, here: Path
) -> None:
    add_attachment(acting(bob), room.id, file(10_000))
    add_attachment(acting(bob), room.id, ContentFile(png(), "a.png"))
    change_avatar(acting(bob), ContentFile(png()))
    assert quotas.used_by(bob) == on_disk(here) > 20_000
    change_room_avatar(acting(alice), room.id, ContentFile(png()))
    exports.start_export(acting(bob))
    exports.make_export(Export.objects.get().pk)
    assert total() == on_disk(here) > quotas.used_by(bob) + quotas.used_by(alice)


def test_a_file_takes_whole_blocks(bob: User, room: RoomPayload) -> None:
    for size in (1, 4 * KIB, 4 * KIB + 1):
        add_attachment(acting(bob), room.id, file(size))
    assert quotas.used_by(bob) == (1 + 1 + 2) * 4 * KIB


def test_a_person_stores_so_much_and_no_more(
    alice: User, bob: User, room: RoomPayload, allowed: Any, here: Path
) -> None:
    allowed(stored_bytes_per_person=20 * KIB)
    add_attachment(acting(bob), room.id, file(12 * KIB))
    with pytest.raises(QuotaExceeded):
        add_attachment(acting(bob), room.id, file(9 * KIB))
    assert Attachment.objects.count() == 1
    assert on_disk(here) == total() == 12 * KIB
    add_attachment(acting(bob), room.id, file(8 * KIB))
    add_attachment(acting(alice), room.id, file(9 * KIB))


def test_avatars_count_too(bob: User, room: RoomPayload, allowed: Any) -> None:
    allowed(stored_bytes_per_person=12 * KIB)
    add_attachment(acting(bob), room.id, file(12 * KIB))
    with pytest.raises(QuotaExceeded):
        change_avatar(acting(bob), ContentFile(png()))
    assert not bob.avatar


def test_all_together_store_so_much_and_no_more(
    alice: User, bob: User, room: RoomPayload, allowed: Any
) -> None:
    allowed(stored_bytes=20 * KIB)
    add_attachment(acting(bob), room.id, file(12 * KIB))
    with pytest.raises(QuotaExceeded, match="This server"):
        add_attachment(acting(alice), room.id, file(12 * KIB))
    assert total() == 12 * KIB
    allowed(stored_bytes=12 * KIB)
    exports.start_export(acting(bob))
    with pytest.raises(QuotaExceeded):
        exports.make_export(Export.objects.get().pk)
    assert Export.objects.get().state == "failed"


def test_somebody_without_room_takes_their_data_away(
    bob: User, room: RoomPayload, allowed: Any
) -> None:
    allowed(stored_bytes_per_person=12 * KIB)
    add_attachment(acting(bob), room.id, file(12 * KIB))
    exports.start_export(acting(bob))
    exports.make_export(Export.objects.get().pk)
    assert Export.objects.get().state == "ready"
    assert quotas.used_by(bob) == 12 * KIB


def test_what_could_not_be_stored_does_not_count(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(FileSystemStorage, "save", broken)
    with (
        pytest.raises(OSError, match="full"),
        stored_files.put("avatars", b"a", owner=bob),
    ):
        pass
    assert total() == 0


def test_what_could_not_be_removed_goes_on_counting(
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with stored_files.put("avatars", b"one", owner=bob) as [name]:
        pass

    def broken(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(FileSystemStorage, "delete", broken)
    with django_capture_on_commit_callbacks(execute=True):
        stored_files.remove_on_commit("avatars", name)
    assert total() == 4 * KIB


@pytest.fixture
def _sent(bob: User, room: RoomPayload) -> None:
    """Two pictures of bob's in two messages, one that is unsent, and his avatar."""
    for key in "12":
        found = add_attachment(acting(bob), room.id, ContentFile(png(), "a.png"))
        send_message(
            acting(bob), room.id, client_id=key, body="", attachments=[found.id]
        )
    add_attachment(acting(bob), room.id, file(5))
    change_avatar(acting(bob), ContentFile(png()))
    assert total() == quotas.used_by(bob) > 0


@pytest.mark.usefixtures("_sent")
def test_deleting_a_message_gives_its_room_back(
    bob: User,
    room: RoomPayload,
    here: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    before = quotas.used_by(bob)
    seq = Message.objects.filter(kind="user").order_by("seq")[0].seq
    with django_capture_on_commit_callbacks(execute=True):
        delete_message(acting(bob), room.id, seq)
    assert quotas.used_by(bob) < before
    assert total() == on_disk(here) == quotas.used_by(bob)


@pytest.mark.usefixtures("_sent")
def test_deleting_all_gives_all_of_it_back(
    alice: User,
    bob: User,
    room: RoomPayload,
    here: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        delete_room(acting(alice), room.id)
        remove_avatar(acting(bob))
    assert total() == on_disk(here) == 0


@pytest.mark.usefixtures("_sent")
def test_retention_gives_back(
    alice: User,
    bob: User,
    room: RoomPayload,
    here: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    update_room(acting(alice), room.id, {"retention_days": 1})
    Message.objects.update(created_at="2020-01-01T00:00:00Z")
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    # The unsent one and the avatar are left.
    assert total() == on_disk(here) == 8 * KIB


@pytest.mark.usefixtures("_sent")
def test_an_erased_account_gives_back(
    bob: User,
    here: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    bob.set_password("a good password")
    bob.save(update_fields=["password"])
    with django_capture_on_commit_callbacks(execute=True):
        close_account(
            acting(bob), current_password="a good password", messages="delete"
        )
        depart(Departure.objects.get().pk)
    assert total() == on_disk(here) == 0


@pytest.mark.usefixtures("_sent")
def test_a_file_gives_its_room_back_once(bob: User) -> None:
    names = list(StoredFile.objects.values_list("name", flat=True))
    for _ in range(2):
        quotas.release(names)
    assert total() == 0


@pytest.mark.usefixtures("_sent")
def test_a_total_that_is_lost_is_added_up_again(bob: User, room: RoomPayload) -> None:
    StoredTotal.objects.all().delete()
    add_attachment(acting(bob), room.id, file(5))
    assert total() == quotas.used_by(bob)


@pytest.mark.usefixtures("_sent")
def test_what_was_stored_before_is_counted_by_the_migration(bob: User) -> None:
    now = dict(StoredFile.objects.values_list("name", "bytes"))
    StoredFile.objects.all().delete()
    StoredTotal.objects.all().delete()
    migration = import_module("chat.migrations.0008_stored_files")
    migration._count(apps, None)
    then = dict(StoredFile.objects.filter(owner=bob).values_list("name", "bytes"))
    assert then.keys() == now.keys()
    known = set(Attachment.objects.values_list("file", flat=True))
    assert {name: then[name] for name in known} == {name: now[name] for name in known}
    assert total() == quotas.used_by(bob)


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_do_not_pass_the_quota(
    alice: User, bob: User, room: RoomPayload, allowed: Any
) -> None:
    """Of 8 that would each fit alone, two do; and of all people's, four."""
    allowed(stored_bytes_per_person=10 * KIB, stored_bytes=16 * KIB)

    def upload(person: User) -> object:
        return add_attachment(acting(person), room.id, file(4 * KIB))

    found = at_once([lambda: upload(bob)] * 8 + [lambda: upload(alice)] * 8)
    refused = [one for one in found if isinstance(one, QuotaExceeded)]
    assert len(refused) == 12
    assert quotas.used_by(bob) == quotas.used_by(alice) == 8 * KIB
    assert total() == 16 * KIB
    remove_attachments(Attachment.objects.all())
    assert total() == 0
