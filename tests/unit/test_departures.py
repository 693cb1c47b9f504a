"""Deleting an account: who it was is forgotten at once, the rest follows for sure."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import sessions, tokens
from accounts.models import User
from accounts.registration import register
from backend.storages import file_storage
from chat import queries
from chat.access.people import find_person
from chat.actions import erasing
from chat.actions.attachments import add_attachment
from chat.actions.avatars import change_avatar
from chat.actions.blocks import block
from chat.actions.departures import close_account
from chat.actions.direct import open_direct
from chat.actions.invitations import invite_person, make_link
from chat.actions.memberships import join_room, leave_room
from chat.actions.reactions import add_reaction
from chat.actions.rooms import create_room
from chat.errors import UserNotFound
from chat.models import (
    Attachment,
    Block,
    Departure,
    Invitation,
    Message,
)
from chat.payloads.rooms import RoomPayload
from chat.payloads.system_events import SystemMemberLeft
from chat.queries.messages import history
from core.bus.envelopes import EndSessions, Envelope, PersonChanged
from core.errors import Conflict, Forbidden, Invalid, Unauthorized
from core.jobs import Job
from tests.people import acting, person
from tests.pictures import png

from .departing import PASSWORD, close, gone, roles, said, say

pytestmark = pytest.mark.usefixtures("without_pauses", "started")


def test_a_deleted_account_does_not_say_whose_it_was(
    bob: User, room: RoomPayload
) -> None:
    bob.email, bob.status = "bob@example.org", "here"
    bob.last_seen_at = timezone.now()
    bob.save()
    tokens.start_session(bob, user_agent="Firefox")
    close(bob)
    row = User.objects.get(pk=bob.pk)
    assert row.username.startswith("deleted-")
    assert row.display_name == "Deleted user"
    assert (row.email, row.status, row.avatar) == ("", "", "")
    assert (row.is_active, row.last_seen_at) == (False, None)
    assert not row.has_usable_password()
    assert [session.user_agent for session in row.sessions.all()] == [""]
    assert all(session.ended_at for session in row.sessions.all())


def test_nobody_logs_in_to_a_deleted_account_and_its_name_is_free(bob: User) -> None:
    pair = tokens.start_session(bob)
    close(bob)
    with pytest.raises(Unauthorized):
        sessions.log_in(username="bob", password=PASSWORD)
    with pytest.raises(Unauthorized):
        tokens.verify_access(pair.access)
    with pytest.raises(Unauthorized):
        tokens.rotate(pair.refresh)
    with pytest.raises(UserNotFound):
        find_person("bob")
    again, _ = register(username="bob", password="correct horse battery")
    assert again.pk != bob.pk
    person, _ = sessions.log_in(username="bob", password="correct horse battery")
    assert person == again


def test_a_wrong_password_deletes_no_account(bob: User, room: RoomPayload) -> None:
    bob.set_password(PASSWORD)
    bob.save()
    with pytest.raises(Invalid) as refused:
        close_account(acting(bob), current_password="another", messages="delete")
    assert set(refused.value.fields or {}) == {"current_password"}
    assert User.objects.get(pk=bob.pk).username == "bob"
    assert not Departure.objects.exists()


def test_deleting_an_account_twice_is_refused(bob: User) -> None:
    close(bob)
    with pytest.raises(Unauthorized):
        close_account(acting(bob), current_password=PASSWORD, messages="keep")


def test_guests_have_no_account_to_delete(db: None) -> None:
    with pytest.raises(Forbidden):
        close_account(
            acting(person("guest", is_guest=True)), current_password="", messages="keep"
        )


def test_deleting_an_account_closes_its_sockets_and_tells_others_its_new_name(
    bob: User,
    room: RoomPayload,
    published: list[Envelope],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    published.clear()
    with django_capture_on_commit_callbacks(execute=True):
        close(bob)
    [shown] = [one for one in published if isinstance(one, PersonChanged)]
    assert shown.rooms == [room.id]
    assert '"display_name":"Deleted user"' in shown.text
    [ended] = [one for one in published if isinstance(one, EndSessions)]
    assert (ended.user, ended.session, ended.is_disabled) == (str(bob.pk), None, True)


def test_messages_of_a_deleted_account_stay_without_its_name(
    alice: User, bob: User, room: RoomPayload
) -> None:
    say(bob, room, "hello")
    gone(bob)
    [message] = said(alice, room)
    assert message.body == "hello"
    assert message.sender is not None
    assert message.sender.display_name == "Deleted user"
    assert "bob" not in message.sender.username
    last = history(acting(alice), room.id).messages[-1]
    assert last.event == SystemMemberLeft(str(bob.pk))
    assert roles(room) == {"alice": "owner"}


def test_messages_of_a_deleted_account_go_in_every_room_if_wished(
    alice: User,
    bob: User,
    room: RoomPayload,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(tmp_path)}
    monkeypatch.setattr(erasing, "BATCH", 2)
    left = create_room(acting(alice), name="left")
    join_room(acting(bob), left.id)
    direct, _ = open_direct(acting(bob), "alice")
    for n in range(5):
        say(bob, room, f"hello {n}")
    file = add_attachment(acting(bob), room.id, ContentFile(png(), "me.png")).id
    say(bob, room, "a picture", file)
    add_attachment(acting(bob), room.id, ContentFile(b"x", "unsent.txt"))
    change_avatar(acting(bob), ContentFile(png()))
    say(bob, left, "long ago")
    leave_room(acting(bob), left.id)
    say(bob, direct, "between us")
    say(alice, room, "mine")
    with django_capture_on_commit_callbacks(execute=True):
        gone(bob, "delete")
    assert [one.body for one in said(alice, room)] == [""] * 6 + ["mine"]
    for elsewhere in (left, direct):
        [message] = said(alice, elsewhere)
        assert (message.body, message.deleted_at is None) == ("", False)
    assert not Attachment.objects.exists()
    assert default_storage.listdir("attachments")[1] == []
    assert default_storage.listdir("avatars")[1] == []
    read = queries.rooms.room(acting(alice), room.id).read
    assert read is not None
    assert read.unread == 0


def test_private_things_of_a_deleted_account_go(
    alice: User, bob: User, room: RoomPayload
) -> None:
    attic = create_room(acting(bob), name="attic", kind="private")
    make_link(acting(bob), attic.id, expires_in=60, max_uses=None)
    invite_person(acting(bob), attic.id, "alice")
    cellar = create_room(acting(alice), name="cellar", kind="private")
    invite_person(acting(alice), cellar.id, "bob")
    block(acting(bob), str(alice.pk))
    block(acting(alice), str(bob.pk))
    seq = say(alice, room, "hello").seq
    add_reaction(acting(bob), room.id, seq, emoji="👍")
    gone(bob)
    assert not Invitation.objects.exists()
    # Whom others do not want to hear is theirs to say; a reaction is part of a message.
    assert [(one.user, one.blocked) for one in Block.objects.all()] == [(alice, bob)]
    assert Message.objects.get(seq=seq, room_id=room.id).reactions.count() == 1


def test_the_only_superuser_cannot_delete_their_account(db: None) -> None:
    root, other = (person(name, is_superuser=True) for name in ("root", "other"))
    gone(other)
    with pytest.raises(Conflict):
        close(root)
    root.refresh_from_db()
    assert (root.username, root.is_active) == ("root", True)
    User.objects.filter(pk=other.pk).update(is_superuser=True)
    with pytest.raises(Conflict):
        close(root)


def test_deleting_an_account_starts_a_job(
    bob: User,
    room: RoomPayload,
    started: list[Job],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        close(bob)
    [job] = started
    job()
    assert "deleted" not in str(roles(room))


def test_a_person_with_a_deleted_account_writes_nothing(
    alice: User, bob: User, room: RoomPayload
) -> None:
    """The chat itself still writes about them; they cannot."""
    close(bob)
    with pytest.raises(Unauthorized):
        say(bob, room, "one more")
    with pytest.raises(Unauthorized):
        leave_room(acting(bob), room.id)
    later = timezone.now() + timedelta(days=1)
    assert not Message.objects.filter(kind="user", created_at__lt=later).exists()
