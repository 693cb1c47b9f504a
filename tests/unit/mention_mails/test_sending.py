"""Mails about mentions: what is in one, and that none is sent twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from chat.actions.direct import open_direct
from chat.actions.memberships import join_room
from chat.actions.messages import edit_message
from chat.actions.reactions import add_reaction
from chat.actions.rooms import update_room
from chat.followers import mention_mails
from chat.followers.runner import Runner
from chat.models import Lease, MentionMail
from chat.payloads.rooms import RoomPayload
from core import jobs
from tests.people import acting, room_of

from .writing import Later, say


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


def test_rows_are_forgotten_after_a_week(
    alice: User, bob: User, room: RoomPayload, later: Later
) -> None:
    say(alice, room)
    later(16)
    later(60 * 24 * 6)
    assert MentionMail.objects.count() == 1
    later(60 * 24)
    assert not MentionMail.objects.exists()
