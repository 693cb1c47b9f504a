"""Followers of the log: what they get, in which order, and what survives a crash."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import OperationalError
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import User
from chat.actions.messages import delete_message, edit_message
from chat.actions.rooms import create_room
from chat.followers import cursors
from chat.followers.follower import Batch
from chat.followers.runner import Runner
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Cursor, Lease, Room, new_epoch
from chat.payloads.rooms import RoomPayload
from tests.people import acting, room_of

LONG_AGO = Now() - timedelta(days=1)


class Recorder:
    """Writes down what is delivered; refuses the rooms it is told to refuse."""

    name = "recorder"
    gather_seconds = 0.0

    def __init__(self) -> None:
        self.got: list[tuple[str, int]] = []
        self.batches: list[int] = []
        self.refuses: set[str] = set()

    def deliver(self, batch: Batch) -> None:
        room = str(batch.room.pk)
        if room in self.refuses:
            raise ConnectionError("The other side does not answer.")
        self.batches.append(len(batch.messages))
        self.got += [(room, message.rev) for message in batch.messages]

    def of(self, room: RoomPayload) -> list[int]:
        return [rev for name, rev in self.got if name == room.id]


@pytest.fixture
def recorder(db: None) -> Recorder:
    return Recorder()


@pytest.fixture
def runner(recorder: Recorder) -> Runner:
    """It has begun and has the lease; there is no room yet."""
    runner = Runner(recorder)
    runner.turn()
    return runner


def poll(runner: Runner) -> None:
    """Turns until all rooms were looked at, as if the time for it had come."""
    runner._poll_at = 0.0
    runner.turn()
    while runner._unfinished or runner._polled:
        runner.turn()


def say(room: RoomPayload, user: User, count: int = 1) -> None:
    append([Draft(room.id, acting(user), f"number {n}") for n in range(count)])


def head(room: RoomPayload) -> int:
    return Room.objects.get(pk=room.id).head_seq


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
