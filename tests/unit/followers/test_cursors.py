"""Cursors of followers: where they start, and what moves them."""

from uuid import UUID

import pytest
from django.db import OperationalError

from accounts.models import User
from chat.actions.rooms import create_room
from chat.followers import cursors
from chat.followers.runner import Runner
from chat.models import Cursor, Lease, Room, new_epoch
from chat.payloads.rooms import RoomPayload
from tests.people import acting

from .recording import LONG_AGO, Recorder, head, poll, say


def test_a_new_follower_starts_at_the_present_heads(
    recorder: Recorder, alice: User, room: RoomPayload
) -> None:
    say(room, alice, 3)
    runner = Runner(recorder)
    poll(runner)
    assert recorder.got == []
    young = create_room(acting(alice), name="young")
    say(room, alice)
    poll(runner)
    assert recorder.got == [(room.id, head(room)), (young.id, 1)]


def test_a_new_follower_that_could_not_begin_delivers_nothing_of_before(
    recorder: Recorder,
    room: RoomPayload,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(follower: str) -> None:
        raise OperationalError

    runner = Runner(recorder)
    with monkeypatch.context() as failing:
        failing.setattr(cursors, "begin", fails)
        with pytest.raises(OperationalError):
            runner.turn()
    poll(runner)
    Lease.objects.update(until=LONG_AGO)
    poll(runner)
    assert recorder.got == []
    assert Cursor.objects.get().rev == head(room)


def test_a_follower_that_comes_back_goes_on_where_it_stopped(
    runner: Runner, recorder: Recorder, alice: User, room: RoomPayload
) -> None:
    say(room, alice)
    cursors.begin(recorder.name)
    poll(runner)
    assert recorder.of(room) == [1, 2, 3]


def test_a_new_epoch_changes_nothing_while_the_cursor_fits_the_log(
    runner: Runner, recorder: Recorder, alice: User, room: RoomPayload
) -> None:
    say(room, alice, 2)
    poll(runner)
    say(room, alice)
    Room.objects.update(epoch=new_epoch())
    poll(runner)
    assert recorder.of(room) == [1, 2, 3, 4, 5]
    assert Cursor.objects.get().epoch == Room.objects.get().epoch
    assert cursors.behind(recorder.name) == []


def test_a_cursor_above_the_head_of_a_new_epoch_comes_down_to_the_head(
    runner: Runner, recorder: Recorder, alice: User, room: RoomPayload
) -> None:
    poll(runner)
    Cursor.objects.update(rev=900)
    Room.objects.update(epoch=new_epoch())
    poll(runner)
    assert Cursor.objects.get().rev == head(room)
    say(room, alice)
    poll(runner)
    assert recorder.of(room) == [1, 2, 3]


def test_a_cursor_moves_only_from_where_it_was_read(
    runner: Runner, alice: User, room: RoomPayload
) -> None:
    """A process that slept between delivery and cursor finds that another went on."""
    [old] = cursors.behind("recorder")
    batch = cursors.read(old)
    say(room, alice, 3)
    poll(runner)
    cursors.save(old, batch)
    cursors.put_off(old)
    cursor = Cursor.objects.get()
    assert (cursor.rev, cursor.failures) == (head(room), 0)


def test_a_deleted_room_takes_its_cursors_with_it(
    runner: Runner, room: RoomPayload
) -> None:
    poll(runner)
    Room.objects.get(pk=UUID(room.id)).delete()
    assert not Cursor.objects.exists()
