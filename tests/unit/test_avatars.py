"""Pictures of people and rooms: where they are shown, and when their files go."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from pytest_django import (
    DjangoCaptureOnCommitCallbacks,
)

from accounts.models import User
from chat import stored_files
from chat.actions.avatars import change_avatar, change_room_avatar, remove_avatar
from chat.actions.messages import send_message
from chat.actions.rooms import create_room
from chat.models import Room
from chat.payloads.rooms import RoomPayload
from chat.payloads.system_events import SystemRoomAvatarChanged
from chat.queries.messages import history
from tests.people import acting
from tests.pictures import png

from .storage_folder import stored


def test_a_file_that_cannot_be_removed_does_not_keep_the_others(
    db: None,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with stored_files.put("avatars", b"one", b"two", owner=None) as [one, two]:
        (here / "avatars" / one).unlink()
        (here / "avatars" / one).mkdir()
        (here / "avatars" / one / "in the way").touch()
    with django_capture_on_commit_callbacks(execute=True):
        stored_files.remove_on_commit("avatars", one, two)
    assert not (here / "avatars" / two).exists()


def test_the_old_picture_goes_when_the_new_one_is_stored(
    bob: User,
    here: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            avatar = change_avatar(acting(bob), ContentFile(png())).avatar
        assert stored("avatars") == {avatar}
    with django_capture_on_commit_callbacks(execute=True):
        assert remove_avatar(acting(bob)).avatar == ""
    assert not stored("avatars")


def test_a_message_shows_its_senders_picture(bob: User, room: RoomPayload) -> None:
    avatar = change_avatar(acting(bob), ContentFile(png())).avatar
    sent = send_message(acting(bob), room.id, client_id="1", body="hi").message
    assert sent.sender is not None
    assert sent.sender.avatar == f"/api/v1/avatars/{avatar}"
    assert history(acting(bob), room.id).messages[-1] == sent


def test_a_rooms_new_picture_is_in_its_log(alice: User) -> None:
    room = create_room(acting(alice), name="attic", color="#aabbcc")
    assert room.color == "#aabbcc"
    changed = change_room_avatar(acting(alice), room.id, ContentFile(png()))
    assert changed.avatar == f"/api/v1/avatars/{Room.objects.get().avatar}"
    last = history(acting(alice), room.id).messages[-1]
    assert last.event == SystemRoomAvatarChanged(avatar=changed.avatar)
    assert changed.head_seq == last.seq
