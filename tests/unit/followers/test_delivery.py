"""Followers of the log: what they get, in which order, and what survives a crash."""

import pytest
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import User
from chat.actions.messages import delete_message, edit_message
from chat.followers import cursors
from chat.followers.runner import Runner
from chat.models import Cursor
from chat.payloads.rooms import RoomPayload
from tests.people import acting, room_of

from .recording import LONG_AGO, Recorder, head, poll, say


def test_a_follower_gets_every_message_once_and_in_order(
    runner: Runner, recorder: Recorder, alice: User, room: RoomPayload
) -> None:
    say(room, alice, 3)
    poll(runner)
    say(room, alice, 2)
    poll(runner)
    poll(runner)
    assert recorder.of(room) == list(range(1, head(room) + 1))


def test_a_message_that_changed_twice_comes_once_as_it_is_now(
    runner: Runner, recorder: Recorder, alice: User, room: RoomPayload
) -> None:
    say(room, alice)
    poll(runner)
    seq = head(room)
    edit_message(acting(alice), room.id, seq, body="better")
    delete_message(acting(alice), room.id, seq)
    poll(runner)
    assert recorder.of(room)[seq:] == [seq + 2]
    assert Cursor.objects.get(room_id=room.id).rev == seq + 2


def test_a_long_backlog_comes_in_batches_and_rooms_take_turns(
    runner: Runner,
    recorder: Recorder,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cursors, "MAX_MESSAGES", 5)
    rooms = [room_of(alice, name=name) for name in ("one", "two")]
    for room in rooms:
        say(room, alice, 9)
    poll(runner)
    assert recorder.batches == [5, 5, 5, 5]
    assert [room for room, _ in recorder.got[:10:5]] == [room.id for room in rooms]
    assert [recorder.of(room) for room in rooms] == [list(range(1, 11))] * 2


def test_all_rooms_are_reached_however_many_there_are(
    runner: Runner,
    recorder: Recorder,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cursors, "MAX_ROOMS", 2)
    rooms = [room_of(alice, name=f"room {n}") for n in range(5)]
    poll(runner)
    assert {room for room, _ in recorder.got} == {room.id for room in rooms}


def test_a_crash_between_delivery_and_cursor_repeats_and_skips_nothing(
    runner: Runner,
    recorder: Recorder,
    alice: User,
    room: RoomPayload,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    say(room, alice, 2)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(cursors, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            poll(runner)
    poll(runner)
    assert recorder.of(room) == [1, 2, 3, 4, 1, 2, 3, 4]


def test_a_failing_delivery_is_tried_again_and_holds_up_no_other_room(
    runner: Runner, recorder: Recorder, alice: User
) -> None:
    bad, good = (room_of(alice, name=name) for name in ("bad", "good"))
    recorder.refuses = {bad.id}
    poll(runner)
    poll(runner)
    assert recorder.got == [(good.id, 1)]
    cursor = Cursor.objects.get(room_id=bad.id)
    # The second poll came before the pause was over.
    assert (cursor.rev, cursor.failures) == (0, 1)
    recorder.refuses = set()
    poll(runner)
    assert recorder.of(bad) == []
    Cursor.objects.update(retry_at=LONG_AGO)
    poll(runner)
    assert recorder.of(bad) == [1]
    cursor.refresh_from_db()
    assert (cursor.failures, cursor.retry_at) == (0, None)


def test_the_pause_after_a_failure_grows_and_has_an_end(
    runner: Runner, recorder: Recorder, alice: User, room: RoomPayload
) -> None:
    recorder.refuses = {room.id}
    pauses = []
    for _ in range(9):
        poll(runner)
        found = Cursor.objects.annotate(pause=F("retry_at") - Now()).get()
        pauses.append(round(found.pause.total_seconds()))
        Cursor.objects.update(retry_at=LONG_AGO)
    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_woken_follower_looks_at_the_named_room_alone(
    runner: Runner, recorder: Recorder, alice: User
) -> None:
    here, there = (room_of(alice, name=name) for name in ("here", "there"))
    runner.wake(here.id)
    runner.turn()
    assert recorder.got == [(here.id, 1)]
    poll(runner)
    assert recorder.of(there) == [1]
