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
from chat import leases, queries
from chat.access.people import find_person
from chat.actions import departures, erasing
from chat.actions.attachments import add_attachment
from chat.actions.avatars import change_avatar
from chat.actions.blocks import block
from chat.actions.departures import close_account, depart, take_up_departures
from chat.actions.direct import create_group, open_direct
from chat.actions.invitations import invite_person, make_link
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import send_message
from chat.actions.reactions import add_reaction
from chat.actions.rooms import create_room
from chat.errors import UserNotFound
from chat.models import (
    Attachment,
    Block,
    Departure,
    Invitation,
    Lease,
    Membership,
    Message,
    Room,
)
from chat.payloads.messages import MessagePayload
from chat.payloads.rooms import RoomPayload
from chat.payloads.system_events import SystemMemberLeft, SystemMemberRoleChanged
from chat.queries.messages import history
from core import jobs
from core.bus.envelopes import EndSessions, Envelope, PersonChanged
from core.errors import Conflict, Forbidden, Invalid, Unauthorized
from core.jobs import Job
from tests.people import acting, person
from tests.pictures import png

PASSWORD = "a good password"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "_PAUSE_SECONDS", 0)


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    found: list[Job] = []
    monkeypatch.setattr(jobs, "start", found.append)
    return found


def close(user: User, messages: str = "keep") -> Departure:
    """What the request does. The tests' people have no password."""
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    close_account(acting(user), current_password=PASSWORD, messages=messages)
    return Departure.objects.get(user=user)


def gone(user: User, messages: str = "keep") -> None:
    departure = close(user, messages)
    depart(departure.pk)
    departure.refresh_from_db()
    assert departure.finished_at is not None


def say(user: User, room: RoomPayload, body: str, *files: str) -> MessagePayload:
    key = body.replace(" ", "-")
    return send_message(
        acting(user), room.id, client_id=key, body=body, attachments=files
    ).message


def said(reader: User, room: RoomPayload) -> list[MessagePayload]:
    return [
        one for one in history(acting(reader), room.id).messages if one.kind == "user"
    ]


def roles(room: RoomPayload) -> dict[str, str]:
    members = Membership.objects.filter(room_id=room.id)
    return dict(members.values_list("user__username", "role"))


def test_nothing_says_who_it_was(bob: User, room: RoomPayload) -> None:
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


def test_nobody_logs_in_any_more_and_the_name_is_free(bob: User) -> None:
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


def test_wrong_password_changes_nothing(bob: User, room: RoomPayload) -> None:
    bob.set_password(PASSWORD)
    bob.save()
    with pytest.raises(Invalid) as refused:
        close_account(acting(bob), current_password="another", messages="delete")
    assert set(refused.value.fields or {}) == {"current_password"}
    assert User.objects.get(pk=bob.pk).username == "bob"
    assert not Departure.objects.exists()


def test_twice_is_refused(bob: User) -> None:
    close(bob)
    with pytest.raises(Unauthorized):
        close_account(acting(bob), current_password=PASSWORD, messages="keep")


def test_guests_just_go(db: None) -> None:
    with pytest.raises(Forbidden):
        close_account(
            acting(person("guest", is_guest=True)), current_password="", messages="keep"
        )


def test_sockets_end_as_of_a_disabled_account_and_others_see_another_name(
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


def test_what_they_wrote_stays_without_their_name(
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


def test_what_they_wrote_goes_everywhere(
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


def test_what_was_theirs_alone_goes(alice: User, bob: User, room: RoomPayload) -> None:
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


def test_oldest_moderator_gets_the_room_else_the_oldest_member(
    alice: User, bob: User, charlie: User
) -> None:
    rooms = [create_room(acting(alice), name=name) for name in ("one", "two", "three")]
    for room in rooms:
        for member in (bob, charlie, person(f"late-{room.name}")):
            join_room(acting(member), room.id)
    first, second, third = rooms
    moderators = Membership.objects.filter(room_id=first.id, user__username="late-one")
    moderators.update(role="moderator")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    Membership.objects.filter(room_id=third.id, user=charlie).update(role="owner")
    gone(alice)
    assert roles(first) == {"bob": "member", "charlie": "member", "late-one": "owner"}
    # bob came first, but is deactivated.
    assert roles(second) == {
        "bob": "member",
        "charlie": "owner",
        "late-two": "member",
    }
    # That one had another owner: nothing is handed over.
    events = [one.event for one in history(acting(charlie), third.id).messages]
    assert events[-1] == SystemMemberLeft(str(alice.pk))
    assert not any(isinstance(one, SystemMemberRoleChanged) for one in events)
    events = [one.event for one in history(acting(charlie), second.id).messages]
    assert events[-2:] == [
        SystemMemberRoleChanged(str(charlie.pk), "owner"),
        SystemMemberLeft(str(alice.pk)),
    ]


def test_staff_get_a_staff_room(dora: User) -> None:
    room = create_room(acting(dora), name="bridge", staff_only=True)
    former, staff = person("former"), person("erin", is_staff=True)
    for member in (former, staff):
        Membership.objects.create(room_id=room.id, user=member)
    gone(dora)
    assert roles(room) == {"former": "member", "erin": "owner"}


def test_room_in_which_nobody_is_left_is_deleted(alice: User, bob: User) -> None:
    alone = create_room(acting(bob), name="alone")
    private = create_room(acting(bob), name="private", kind="private")
    unowned = create_room(acting(bob), name="unowned")
    Membership.objects.filter(room_id=unowned.id).update(role="member")
    gone(bob)
    left = Room.objects.values_list("pk", flat=True)
    assert [str(pk) for pk in left] == [unowned.id]
    assert alone.id != private.id


def test_direct_room_and_group_stay_for_the_others(
    alice: User, bob: User, charlie: User
) -> None:
    direct, _ = open_direct(acting(alice), "bob")
    group = create_group(acting(bob), ["alice", "charlie"])
    say(bob, direct, "between us")
    gone(bob)
    shown = queries.rooms.room(acting(alice), direct.id)
    assert {one.display_name for one in shown.people} == {"Alice", "Deleted user"}
    assert [one.body for one in said(alice, direct)] == ["between us"]
    assert set(roles(group)) == {"alice", "charlie"}
    assert "owner" in roles(group).values()
    gone(alice)
    assert not Room.objects.filter(pk=direct.id).exists()


def test_last_superuser_stays(db: None) -> None:
    root, other = (person(name, is_superuser=True) for name in ("root", "other"))
    gone(other)
    with pytest.raises(Conflict):
        close(root)
    root.refresh_from_db()
    assert (root.username, root.is_active) == ("root", True)
    User.objects.filter(pk=other.pk).update(is_superuser=True)
    with pytest.raises(Conflict):
        close(root)


@pytest.mark.parametrize("step", range(7))
def test_process_that_dies_anywhere_is_followed_by_another(
    alice: User,
    bob: User,
    room: RoomPayload,
    started: list[Job],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    """Three rooms and four batches: it ends before each of them once."""
    monkeypatch.setattr(erasing, "BATCH", 2)
    attic, cellar = (
        create_room(acting(bob), name="attic"),
        create_room(acting(bob), name="cellar"),
    )
    join_room(acting(alice), attic.id)
    join_room(acting(alice), cellar.id)
    for n in range(3):
        say(bob, room, f"hello {n}")
        say(bob, attic, f"hello {n}")
    departure = close(bob, "delete")
    steps = iter(range(step))

    def renew(lease: Lease) -> None:
        if next(steps, None) is None:
            raise SystemExit
        leases.renew(lease)

    with monkeypatch.context() as dying:
        dying.setattr(departures, "renew", renew)
        with pytest.raises(SystemExit):
            depart(departure.pk)
    assert Departure.objects.filter(finished_at=None).exists()
    take_up_departures()
    [job] = started
    job()
    assert not Departure.objects.filter(finished_at=None).exists()
    assert {one.body for one in said(alice, room) + said(alice, attic)} == {""}
    assert roles(room) == roles(attic) == roles(cellar) == {"alice": "owner"}
    for name in (room, attic, cellar):
        left = [one.event for one in history(acting(alice), name.id).messages]
        assert left.count(SystemMemberLeft(str(bob.pk))) == 1
    take_up_departures()
    assert len(started) == 1


def test_request_starts_the_rest_in_the_background(
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


def test_deactivated_person_is_still_refused(
    alice: User, bob: User, room: RoomPayload
) -> None:
    """The chat writes of who is gone; they themselves write nothing."""
    close(bob)
    with pytest.raises(Unauthorized):
        say(bob, room, "one more")
    with pytest.raises(Unauthorized):
        leave_room(acting(bob), room.id)
    later = timezone.now() + timedelta(days=1)
    assert not Message.objects.filter(kind="user", created_at__lt=later).exists()
