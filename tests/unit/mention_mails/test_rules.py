"""Mails about mentions: who gets one, and when."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from chat import presence
from chat.actions.blocks import block
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import delete_message, edit_message
from chat.actions.notifications import set_level
from chat.actions.reactions import add_reaction
from chat.actions.reads import mark_read
from chat.actions.rooms import delete_room
from chat.followers.runner import Runner
from chat.models import MentionMail, Message, Room
from chat.payloads.messages import MessagePayload
from chat.payloads.rooms import RoomPayload
from tests.people import acting, person

from .writing import Later, say

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
def test_no_mail_goes_out_after(
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


def test_mails_are_off_until_the_operator_switches_them_on(settings: Settings) -> None:
    assert settings.MENTION_MAILS is False
    assert settings.MENTION_MAIL_MINUTES == 15
