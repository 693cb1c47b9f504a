"""Somebody is blocked while they write: nothing is written above the block."""

from collections.abc import Callable
from functools import partial
from threading import Event
from time import sleep

import pytest
from django.db import transaction

from accounts.models import User
from chat.actions.blocks import block, unblock
from chat.actions.direct import open_direct
from chat.errors import UserNotFound
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Block, Message, Room
from core.bus.envelopes import Envelope
from tests.people import acting, person

from .envelopes import to_person
from .threads import at_once

Job = Callable[[], object]

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_is_written_after_the_block(alice: User, bob: User) -> None:
    room, _ = open_direct(acting(alice), "bob")

    def block_and_look() -> int:
        block(acting(alice), str(bob.pk))
        return Room.objects.get().head_seq

    sends = [
        partial(append_one, Draft(room.id, acting(bob), "x", f"{n}")) for n in range(7)
    ]
    jobs: list[Job] = [*sends[:3], block_and_look, *sends[3:]]
    outcomes = at_once(jobs)
    refused = [o for o in outcomes if isinstance(o, Exception)]
    assert {type(refusal) for refusal in refused} <= {UserNotFound}
    assert Room.objects.get().head_seq == outcomes[3]
    assert Message.objects.count() == 1 + 7 - len(refused)


def test_a_block_waits_for_the_message_that_is_being_written(
    alice: User, bob: User
) -> None:
    room, _ = open_direct(acting(alice), "bob")
    writing = Event()

    def write_slowly() -> None:
        with transaction.atomic():
            append_one(Draft(room.id, acting(bob), "x", "1"))
            writing.set()
            sleep(0.3)

    def block_meanwhile() -> int:
        writing.wait(5)
        block(acting(alice), str(bob.pk))
        return Room.objects.get().head_seq

    assert at_once([write_slowly, block_meanwhile]) == [None, 2]


def test_a_message_waits_for_the_block_that_is_being_made(
    alice: User, bob: User
) -> None:
    room, _ = open_direct(acting(alice), "bob")
    blocking = Event()

    def block_slowly() -> None:
        with transaction.atomic():
            block(acting(alice), str(bob.pk))
            blocking.set()
            sleep(0.3)

    def write_meanwhile() -> object:
        blocking.wait(5)
        return append_one(Draft(room.id, acting(bob), "x", "1"))

    jobs: list[Job] = [block_slowly, write_meanwhile]
    assert isinstance(at_once(jobs)[1], UserNotFound)
    assert Room.objects.get().head_seq == 1


def test_two_who_block_each_other_and_write_are_not_stuck(
    alice: User, bob: User
) -> None:
    room, _ = open_direct(acting(alice), "bob")
    jobs: list[Job] = [
        partial(block, acting(alice), str(bob.pk)),
        partial(block, acting(bob), str(alice.pk)),
        partial(append_one, Draft(room.id, acting(alice), "x", "1")),
        partial(append_one, Draft(room.id, acting(bob), "x", "1")),
        partial(unblock, acting(alice), str(bob.pk)),
    ]
    outcomes = at_once(jobs)
    raised = {type(o) for o in outcomes if isinstance(o, Exception)}
    assert raised <= {UserNotFound}


def test_the_last_event_tells_of_all_blocks(
    alice: User, published: list[Envelope]
) -> None:
    people = [person(f"erin-{number}") for number in range(6)]
    at_once([partial(block, acting(alice), str(erin.pk)) for erin in people])
    assert Block.objects.filter(user=alice).count() == 6
    sizes = [len(event["blocked"]) for event in to_person(published, alice)]
    assert sorted(sizes) == [1, 2, 3, 4, 5, 6]
