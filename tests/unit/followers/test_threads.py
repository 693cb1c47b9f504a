"""Followers in their own threads: one works at a time, woken or by its own polling."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError
from pytest_django import Settings

from accounts.models import User
from chat import followers, housekeeping
from chat.followers import cursors, runner
from chat.followers.follower import Batch
from chat.followers.runner import Runner
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Lease, Room
from chat.payloads.rooms import RoomPayload
from core import jobs
from core.bus import publisher
from core.bus.envelopes import Change, RoomChanged
from realtime.delivery.hub import Hub
from tests.people import acting

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """Hands every delivery to the test, under the name of its process."""

    name = "listener"
    gather_seconds = 0.0

    def __init__(self, process: str, heard: "queue.Queue[tuple[str, int]]") -> None:
        self.process = process
        self.heard = heard

    def deliver(self, batch: Batch) -> None:
        for message in batch.messages:
            self.heard.put((self.process, message.rev))


Heard = queue.Queue[tuple[str, int]]
Start = Callable[[str], Runner]


@pytest.fixture
def heard() -> Heard:
    return queue.Queue()


@pytest.fixture
def start(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a runner as another process would; all are stopped after the test."""
    monkeypatch.setattr(runner, "POLL_SECONDS", 0.05)
    running: list[Runner] = []

    def begin(process: str) -> Runner:
        running.append(Runner(Listener(process, heard)))
        running[-1].start()
        return running[-1]

    yield begin
    for one in running:
        one.stop()


def say(room: RoomPayload, user: User) -> int:
    append([Draft(room.id, acting(user), "hello")])
    return Room.objects.get(pk=room.id).head_seq


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        threading.Event().wait(0.01)


def test_one_process_follows_at_a_time_and_another_takes_over(
    start: Start, heard: Heard, alice: User, room: RoomPayload
) -> None:
    first = start("first")
    until(lambda: first.lease is not None)
    second = start("second")
    seq = say(room, alice)
    assert heard.get(timeout=10) == ("first", seq)
    first.stop()
    until(lambda: second.lease is not None)
    seq = say(room, alice)
    assert heard.get(timeout=10) == ("second", seq)
    assert heard.empty()


def test_a_process_that_lost_its_lease_stops_delivering(
    start: Start, heard: Heard, alice: User, room: RoomPayload
) -> None:
    first = start("first")
    until(lambda: first.lease is not None)
    # As if it had slept for a minute, and another process had taken over.
    Lease.objects.update(holder="another")
    until(lambda: first.lease is None)
    seq = say(room, alice)
    Lease.objects.all().delete()
    assert heard.get(timeout=10) == ("first", seq)


def test_a_wake_finds_the_message_long_before_the_poll(
    start: Start,
    heard: Heard,
    alice: User,
    room: RoomPayload,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "POLL_SECONDS", 3600)
    woken = start("only")
    # Its first look at all rooms is over when the next one is an hour away.
    until(lambda: woken._poll_at > 0)
    seq = say(room, alice)
    woken.wake(room.id)
    assert heard.get(timeout=10) == ("only", seq)


def test_a_process_without_the_lease_keeps_no_wakes(room: RoomPayload) -> None:
    idle = Runner(Listener("idle", queue.Queue()))
    idle.wake(room.id)
    assert idle._take_rooms() == set()


def test_stopping_releases_the_lease(start: Start) -> None:
    only = start("only")
    until(lambda: only.lease is not None)
    assert Lease.objects.filter(name="follower listener").exists()
    only.stop()
    assert not Lease.objects.exists()


def test_a_database_that_fails_for_a_while_ends_no_thread(
    start: Start,
    heard: Heard,
    alice: User,
    room: RoomPayload,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = threading.Event()
    behind = cursors.behind

    def fails_once(*args: object, **kwargs: object) -> object:
        if not failed.is_set():
            failed.set()
            raise OperationalError
        return behind(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(cursors, "behind", fails_once)
    with caplog.at_level(logging.WARNING):
        start("only")
        failed.wait(10)
        seq = say(room, alice)
        assert heard.get(timeout=10) == ("only", seq)
    assert "follower listener failed: OperationalError" in caplog.messages


async def test_the_hub_wakes_the_followers_of_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(followers, "wake", woken.append)
    hub = Hub()
    try:
        change = Change(1, "message.created", b"{}")
        hub._dispatch(RoomChanged("a room", "an epoch", [change]))
    finally:
        for task in hub._tasks:
            task.cancel()
        publisher.attach(None)
    assert woken == ["a room"]


def test_housekeeping_starts_the_followers_that_the_settings_ask_for(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    repeated: list[str] = []
    monkeypatch.setattr(
        jobs, "repeat", lambda name, seconds, job: repeated.append(name)
    )
    started: list[Runner] = []
    monkeypatch.setattr(Runner, "start", lambda one: started.append(one))
    monkeypatch.setattr(followers, "_runners", [])
    housekeeping.start()
    assert (repeated, started) == (["housekeeping"], [])
    settings.MENTION_MAILS = True
    housekeeping.start()
    assert repeated[1:] == ["housekeeping", "mention mails"]
    assert [one.follower.name for one in started] == ["mention mails"]
