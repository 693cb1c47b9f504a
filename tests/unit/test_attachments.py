"""Files in messages: whose they are, sent once, and gone when their message is."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from pytest_django import (
    DjangoAssertNumQueries,
    DjangoCaptureOnCommitCallbacks,
)

from accounts.models import User
from chat import queries
from chat.actions.attachments import add_attachment, forget_unsent
from chat.actions.avatars import change_room_avatar
from chat.actions.messages import delete_message, edit_message, send_message
from chat.actions.rooms import delete_room
from chat.log.append import append
from chat.log.draft import Appended, Draft
from chat.models import Attachment, Membership, Message
from chat.payloads.rooms import RoomPayload
from chat.queries.catching_up import Resume
from chat.queries.messages import history
from core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Refusal,
    TooLong,
)
from core.limits.table import LIMITS
from tests.people import acting
from tests.pictures import png
from tests.unit.resuming import resumed

from .storage_folder import stored


def uploaded(user: User, room: RoomPayload, content: bytes = b"hello") -> str:
    return add_attachment(acting(user), room.id, ContentFile(content, "a.txt")).id


def send(user: User, room: RoomPayload, *files: str, key: str = "1") -> Appended:
    return send_message(
        acting(user), room.id, client_id=key, body="", attachments=files
    )


def test_a_file_is_in_its_message_everywhere(bob: User, room: RoomPayload) -> None:
    one, two = uploaded(bob, room), uploaded(bob, room, png(30, 20))
    sent = send(bob, room, two, one).message
    [text, picture] = sent.attachments
    assert (text.id, text.name, text.content_type) == (one, "a.txt", "text/plain")
    assert (text.size, text.width, text.thumbnail_url) == (5, None, None)
    assert (picture.id, picture.name) == (two, "a.png")
    assert (picture.width, picture.height) == (30, 20)
    assert picture.thumbnail_url == f"{picture.url}/thumbnail"
    assert history(acting(bob), room.id).messages[-1] == sent
    caught_up = resumed(acting(bob), [Resume(room.id, 2)])[room.id]
    assert not isinstance(caught_up, Refusal)
    assert caught_up.messages == [sent]
    assert queries.messages.changes(room.id, 2).messages == [sent]


def test_sending_the_same_files_again_is_the_same_message(
    bob: User, room: RoomPayload
) -> None:
    file = uploaded(bob, room)
    first, again = send(bob, room, file), send(bob, room, file)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.message == again.message
    assert Attachment.objects.count() == 1


def test_sending_other_files_by_the_same_key_is_a_conflict(
    bob: User, room: RoomPayload
) -> None:
    one, two = uploaded(bob, room), uploaded(bob, room)
    send(bob, room, one)
    with pytest.raises(Conflict):
        send(bob, room, one, two)
    with pytest.raises(Conflict):
        send_message(acting(bob), room.id, client_id="1", body="hi")
    assert Attachment.objects.get(pk=two).message is None


def check_invalid(user: User, room: RoomPayload, *files: str) -> None:
    before = Message.objects.count()
    with pytest.raises(Invalid) as refused:
        send(user, room, *files, key="other")
    assert set(refused.value.fields or {}) == {"attachments"}
    assert Message.objects.count() == before


def test_a_person_sends_only_unsent_files_of_their_own_in_their_room(
    alice: User, bob: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    theirs, elsewhere = uploaded(alice, room), uploaded(alice, private_room)
    check_invalid(bob, room, theirs)
    check_invalid(alice, room, elsewhere)
    for nonsense in (str(uuid4()), "", "x", theirs.upper(), "\x00"):
        check_invalid(alice, room, nonsense)
    send(alice, room, theirs)
    check_invalid(alice, room, theirs)
    check_invalid(alice, room, uploaded(alice, room), elsewhere)


def test_one_of_two_drafts_at_once_gets_the_file(bob: User, room: RoomPayload) -> None:
    file = uploaded(bob, room)
    drafts = [
        Draft(room.id, acting(bob), "hi", client_id=key, attachments=[file])
        for key in "12"
    ]
    first, second = append(drafts)
    assert isinstance(first, Appended)
    assert isinstance(second, Invalid)
    assert Attachment.objects.get().message_id is not None


def test_a_message_has_ten_files_at_most_and_each_once(
    bob: User, room: RoomPayload
) -> None:
    files = [uploaded(bob, room) for _ in range(LIMITS.attachments_per_message)]
    with pytest.raises(TooLong):
        send(bob, room, *files, str(uuid4()))
    with pytest.raises(Invalid):
        send(bob, room, files[0], files[0])
    assert len(send(bob, room, *files).message.attachments) == len(files)


def test_a_message_without_text_and_files_is_refused(
    bob: User, room: RoomPayload
) -> None:
    with pytest.raises(Invalid) as refused:
        send(bob, room)
    assert set(refused.value.fields or {}) == {"body"}


def test_an_edit_keeps_the_files_and_may_remove_the_text(
    bob: User, room: RoomPayload
) -> None:
    file = uploaded(bob, room)
    seq = send(bob, room, file).message.seq
    for body in ("with words", ""):
        edited = edit_message(acting(bob), room.id, seq, body=body).message
        assert edited.body == body
        assert [found.id for found in edited.attachments] == [file]
    plain = send_message(acting(bob), room.id, client_id="2", body="hi").message
    with pytest.raises(Invalid):
        edit_message(acting(bob), room.id, plain.seq, body=" ")


def test_sending_takes_as_many_queries_for_many_files_as_for_one(
    bob: User, room: RoomPayload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count, key in ((1, "a"), (3, "b")):
        files = [uploaded(bob, room) for _ in range(count)]
        # Two more than without: the files are read, and then named to be sent.
        with django_assert_num_queries(6 + 2):
            send(bob, room, *files, key=key)


def test_files_of_a_message_go_when_its_deletion_is_committed(
    bob: User,
    room: RoomPayload,
    here: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sent = send(bob, room, uploaded(bob, room, png()), uploaded(bob, room)).message
    kept = uploaded(bob, room)
    assert len(stored()) == 4
    with django_capture_on_commit_callbacks(execute=True):
        deleted = delete_message(acting(bob), room.id, sent.seq).message
        assert len(stored()) == 4
    assert deleted.attachments == []
    assert stored() == {Attachment.objects.get(pk=kept).file}


def test_files_go_with_their_room(
    alice: User,
    bob: User,
    room: RoomPayload,
    here: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    send(bob, room, uploaded(bob, room))
    uploaded(bob, room)
    change_room_avatar(acting(alice), room.id, ContentFile(png()))
    assert (len(stored()), len(stored("avatars"))) == (2, 1)
    with django_capture_on_commit_callbacks(execute=True):
        delete_room(acting(alice), room.id)
    assert not stored() | stored("avatars")


def test_files_that_nobody_sent_go_after_a_day(
    bob: User,
    room: RoomPayload,
    here: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sent, old, new = (uploaded(bob, room) for _ in range(3))
    send(bob, room, sent)
    before = timezone.now() - timedelta(days=1, seconds=1)
    Attachment.objects.filter(pk__in=[sent, old]).update(created_at=before)
    with django_capture_on_commit_callbacks(execute=True):
        forget_unsent()
    left = Attachment.objects.values_list("pk", "file")
    assert {str(pk) for pk, _ in left} == {sent, new}
    assert stored() == {file for _, file in left}


def test_an_upload_that_fails_leaves_nothing(
    bob: User, room: RoomPayload, here: Path
) -> None:
    Membership.objects.filter(user=bob).delete()
    with pytest.raises(Forbidden):
        uploaded(bob, room, png())
    assert not stored()
    assert not Attachment.objects.exists()


def test_a_file_that_is_too_large_is_not_read(bob: User, room: RoomPayload) -> None:
    with pytest.raises(TooLong):
        uploaded(bob, room, bytes(LIMITS.attachment_bytes + 1))
