"""How much a person, and all people together, may store."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from backend.storages import file_storage
from chat import quotas, stored_files
from chat.actions import exports
from chat.actions.attachments import add_attachment, remove_attachments
from chat.actions.avatars import change_avatar, change_room_avatar
from chat.models import Attachment, Export
from chat.payloads.rooms import RoomPayload
from core.errors import QuotaExceeded
from core.limits.table import LIMITS
from tests.people import acting
from tests.pictures import png

from .disk import KIB, file, on_disk, total
from .threads import at_once


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


def test_every_file_on_the_disk_counts(
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


def test_a_file_counts_in_whole_blocks(bob: User, room: RoomPayload) -> None:
    for size in (1, 4 * KIB, 4 * KIB + 1):
        add_attachment(acting(bob), room.id, file(size))
    assert quotas.used_by(bob) == (1 + 1 + 2) * 4 * KIB


def test_a_person_stores_up_to_their_quota_and_no_more(
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


def test_an_avatar_counts_against_the_quota_too(
    bob: User, room: RoomPayload, allowed: Any
) -> None:
    allowed(stored_bytes_per_person=12 * KIB)
    add_attachment(acting(bob), room.id, file(12 * KIB))
    with pytest.raises(QuotaExceeded):
        change_avatar(acting(bob), ContentFile(png()))
    assert not bob.avatar


def test_all_people_together_store_up_to_the_servers_quota_and_no_more(
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


def test_a_person_whose_quota_is_used_up_can_still_export_their_data(
    bob: User, room: RoomPayload, allowed: Any
) -> None:
    allowed(stored_bytes_per_person=12 * KIB)
    add_attachment(acting(bob), room.id, file(12 * KIB))
    exports.start_export(acting(bob))
    exports.make_export(Export.objects.get().pk)
    assert Export.objects.get().state == "ready"
    assert quotas.used_by(bob) == 12 * KIB


def test_a_file_that_could_not_be_stored_does_not_count(
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


def test_a_file_that_could_not_be_removed_goes_on_counting(
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
