"""Mails about mentions: who gets one, when, what is in it, and never a second one."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from chat import presence
from chat.actions.blocks import block
from chat.actions.direct import open_direct
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import delete_message, edit_message, send_message
from chat.actions.notifications import set_level
from chat.actions.reactions import add_reaction
from chat.actions.reads import mark_read
from chat.actions.rooms import delete_room, update_room
from chat.followers import mention_mails
from chat.followers.mention_mailer import MentionMailer
from chat.followers.runner import Runner
from chat.models import Lease, MentionMail, Message, Room
from chat.payloads.messages import MessagePayload
from chat.payloads.rooms import RoomPayload
from core import jobs
from tests.people import acting, person, room_of

Later = Callable[[float], list[str]]


@pytest.fixture
def bob(bob: User) -> User:
    bob.email = "bob@example.org"
    bob.save()
    return bob


@pytest.fixture(autouse=True)
def runner(db: None, settings: Settings) -> Runner:
    settings.PUBLIC_URL = "https://chat.example.org"
    runner = Runner(MentionMailer())
    runner.turn()
    return runner


@pytest.fixture
def later(
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Later:
    """Let so many minutes pass; the texts of the mails that went out by then."""

    def run(job: Callable[[], None], worker: object = None) -> None:
        job()

    monkeypatch.setattr(jobs, "start", run)

    def pass_minutes(minutes: float) -> list[str]:
        follow(runner)
        ago = timedelta(minutes=minutes)
        MentionMail.objects.update(
            due_at=F("due_at") - ago,
            mailed_at=F("mailed_at") - ago,
        )
        Message.objects.update(created_at=F("created_at") - ago)
        with django_capture_on_commit_callbacks(execute=True):
            mention_mails.send_due()
        texts = [str(one.body) for one in mail.outbox]
        mail.outbox.clear()
        return texts

    return pass_minutes


def follow(runner: Runner) -> None:
    runner._poll_at = 0.0
    runner.turn()


_keys: Iterator[int] = iter(range(1_000_000))


def say(user: User, room: RoomPayload, body: str = "look, @bob") -> MessagePayload:
    key = f"key-{next(_keys)}"
    return send_message(acting(user), room.id, client_id=key, body=body).message


def test_a_mention_unread_for_15_minutes_is_mailed_without_its_text(
    alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    say(alice, room, "the plan is secret, @bob")
    assert later(14) == []
    [text] = later(1.1)
    assert "Hello Bob" in text
    assert "- general: @alice" in text
    assert "https://chat.example.org" in text
    assert "secret" not in text


def test_one_mail_gathers_all_mentions_of_a_person(
    alice: User, bob: User, charlie: User, room: RoomPayload, later: Later
) -> None:
    join_room(acting(charlie), room.id)
    other = room_of(alice, bob, name="kitchen")
    for user in (alice, charlie, alice):
        say(user, room)
    say(alice, other)
    [text] = later(16)
    assert "- general: @alice, @charlie\n- kitchen: @alice\n" in text
    assert text.count("- ") == 2


def test_no_mention_is_mailed_twice(
    alice: User, bob: User, room: RoomPayload, runner: Runner, later: Later
) -> None:
    said = say(alice, room)
    assert len(later(16)) == 1
    # The follower gets the message again, since it changes, or after a crash.
    add_reaction(acting(bob), room.id, said.seq, emoji="👍")
    edit_message(acting(alice), room.id, said.seq, body="look again, @bob")
    assert later(16) == []
    assert later(600) == []


def test_a_crash_after_the_decision_loses_the_mail_instead_of_repeating_it(
    alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    say(alice, room)
    later(0)
    MentionMail.objects.update(due_at=timezone.now())
    mention_mails.send_due()
    assert later(30) == []


Harm = Callable[[User, User, RoomPayload, MessagePayload], Any]


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(
            lambda alice, bob, room, said: mark_read(acting(bob), room.id, said.seq),
            id="bob reads it",
        ),
        pytest.param(
            lambda alice, bob, room, said: leave_room(acting(bob), room.id),
            id="bob leaves the room",
        ),
        pytest.param(
            lambda alice, bob, room, said: delete_message(
                acting(alice), room.id, said.seq
            ),
            id="alice deletes it",
        ),
        pytest.param(
            lambda alice, bob, room, said: edit_message(
                acting(alice), room.id, said.seq, body="never mind"
            ),
            id="alice takes the name out",
        ),
        pytest.param(
            lambda alice, bob, room, said: set_level(acting(bob), room.id, "none"),
            id="bob wants no notifications",
        ),
        pytest.param(
            lambda alice, bob, room, said: block(acting(bob), str(alice.pk)),
            id="bob blocks alice",
        ),
        pytest.param(
            lambda alice, bob, room, said: User.objects.filter(pk=bob.pk).update(
                email=""
            ),
            id="bob takes his address away",
        ),
        pytest.param(
            lambda alice, bob, room, said: User.objects.filter(pk=bob.pk).update(
                is_active=False
            ),
            id="bob is deactivated",
        ),
        pytest.param(
            lambda alice, bob, room, said: Room.objects.update(staff_only=True),
            id="the room becomes one for staff",
        ),
        pytest.param(
            lambda alice, bob, room, said: delete_room(acting(alice), room.id),
            id="the room is deleted",
        ),
    ],
)
def test_nothing_is_mailed_once(
    happens: Harm, alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    said = say(alice, room)
    later(5)
    happens(alice, bob, room, said)
    assert later(11) == []
    assert not MentionMail.objects.filter(settled_at=None).exists()
    assert not MentionMail.objects.exclude(mailed_at=None).exists()


@pytest.mark.parametrize("body", ["@room look here", "@alice, talking to myself", "hi"])
def test_only_a_mention_by_name_is_noted(
    alice: User, bob: User, room: RoomPayload, later: Later, body: str
) -> None:
    say(alice, room, body)
    assert later(16) == []
    assert not MentionMail.objects.exists()


def test_a_name_that_an_edit_brings_in_counts_from_the_edit(
    alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    said = say(alice, room, "look")
    later(60)
    edit_message(acting(alice), room.id, said.seq, body="look, @bob")
    assert later(14) == []
    assert len(later(2)) == 1


def test_a_person_without_a_confirmed_address_is_not_mailed(
    alice: User, room: RoomPayload, later: Later
) -> None:
    join_room(acting(person("erin")), room.id)
    say(alice, room, "@erin")
    assert later(16) == []
    assert MentionMail.objects.get().settled_at is not None
    assert MentionMail.objects.get().mailed_at is None


def test_a_person_who_is_online_is_mailed_after_they_went(
    alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    """Also when nobody sees that they are online."""
    User.objects.filter(pk=bob.pk).update(appear_offline=True)
    presence.arrive("a process", bob.pk)
    say(alice, room)
    assert later(16) == []
    assert later(16) == []
    presence.depart("a process", bob.pk)
    assert len(later(16)) == 1


def test_a_person_gets_three_mails_an_hour_and_the_rest_together_later(
    alice: User, bob: User, room: RoomPayload, later: Later, settings: Settings
) -> None:
    settings.MENTION_MAIL_MINUTES = 1
    sent = []
    for _ in range(6):
        say(alice, room)
        sent.append(len(later(2)))
    assert sent == [1, 1, 1, 0, 0, 0]
    assert len(later(60)) == 1
    assert not MentionMail.objects.filter(settled_at=None).exists()


def test_a_message_of_three_days_ago_is_not_mailed_when_it_changes(
    alice: User, bob: User, room: RoomPayload, runner: Runner, later: Later
) -> None:
    said = say(alice, room)
    Message.objects.update(created_at=timezone.now() - timedelta(days=3))
    add_reaction(acting(bob), room.id, said.seq, emoji="👍")
    assert later(16) == []
    assert not MentionMail.objects.exists()


def test_rows_are_forgotten_after_a_week(
    alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    say(alice, room)
    later(16)
    later(60 * 24 * 6)
    assert MentionMail.objects.count() == 1
    later(60 * 24)
    assert not MentionMail.objects.exists()


def test_names_that_look_like_links_and_direct_rooms_have_other_words(
    alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    update_room(acting(alice), room.id, {"name": "win at evil.example"})
    say(alice, room)
    say(alice, open_direct(acting(alice), str(bob.pk))[0])
    [text] = later(16)
    assert "- a room: @alice" in text
    assert "- a direct conversation: @alice" in text
    assert "evil" not in text


def test_one_process_sends_at_a_time(
    alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    until = timezone.now() + timedelta(minutes=1)
    Lease.objects.create(name="mention mails", holder="another", until=until)
    say(alice, room)
    assert later(16) == []
    Lease.objects.all().delete()
    assert len(later(0)) == 1


def test_mails_wait_while_the_queue_of_mails_is_full(
    alice: User,
    bob: User,
    room: RoomPayload,
    later: Later,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    say(alice, room)
    with monkeypatch.context() as busy:
        busy.setattr(jobs, "MAIL", jobs.Worker("mail", threads=0, most=1))
        jobs.MAIL.put(lambda: None)
        assert later(16) == []
    assert len(later(0)) == 1


def test_mails_are_off_until_the_operator_switches_them_on(settings: Settings) -> None:
    assert settings.MENTION_MAILS is False
    assert settings.MENTION_MAIL_MINUTES == 15
