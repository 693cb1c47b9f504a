"""Files that are removed, by whatever way, stop counting against a quota."""

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from backend.storages import file_storage
from chat import quotas
from chat.actions.attachments import add_attachment
from chat.actions.avatars import change_avatar, remove_avatar
from chat.actions.departures import close_account, depart
from chat.actions.messages import delete_message, send_message
from chat.actions.retention import sweep
from chat.actions.rooms import delete_room, update_room
from chat.models import Attachment, Departure, Message, StoredFile, StoredTotal
from chat.payloads.rooms import RoomPayload
from tests.people import acting
from tests.pictures import png

from .disk import KIB, file, on_disk, total


@pytest.fixture(autouse=True)
def here(settings: Settings, tmp_path: Path) -> Path:
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(tmp_path)}
    return tmp_path


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
def test_deleting_a_message_frees_the_quota_of_its_files(
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
def test_deleting_the_room_and_the_avatar_frees_everything(
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
def test_retention_frees_the_quota_of_the_files_it_deletes(
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
def test_deleting_an_account_frees_its_quota(
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
def test_releasing_a_file_twice_frees_its_quota_once(bob: User) -> None:
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
def test_the_migration_counts_files_that_were_stored_before_it(bob: User) -> None:
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
