"""The job that deletes old messages: alone, in batches, and going on after a crash."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import (
    DjangoCaptureOnCommitCallbacks,
)

from accounts.models import User
from chat import queries
from chat.actions import erasing
from chat.actions.retention import forget_old, sweep
from chat.models import Lease, Room
from chat.payloads.rooms import RoomPayload
from core import jobs
from core.bus.envelopes import Envelope, RoomChanged
from core.jobs import Job

from .aging import keep, left, say

pytestmark = pytest.mark.usefixtures("without_pauses")


def test_each_batch_of_the_sweep_costs_the_same(
    alice: User,
    room: RoomPayload,
    monkeypatch: pytest.MonkeyPatch,
    published: list[Envelope],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 10)
    say(room, alice, days=[9] * 25)
    keep(room, 7)
    published.clear()
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    sizes = [len(one.changes) for one in published if isinstance(one, RoomChanged)]
    assert sizes == [10, 10, 5]
    costs = []
    for count in (3, 9):
        say(room, alice, days=[9] * count)
        with CaptureQueriesContext(connection) as captured:
            erasing._erase_batch(UUID(room.id), queries.retention.due, 0)
        costs.append(len(captured))
    assert left(room) == []
    assert costs[0] == costs[1]


def test_a_sweep_that_dies_leaves_the_rest_to_the_next(
    alice: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 10)
    say(room, alice, days=[9] * 25)
    keep(room, 7)
    real = erasing._erase_batch
    calls = iter(range(2))

    def killed(*args: object) -> int | None:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as dying:
        dying.setattr(erasing, "_erase_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep()
    assert len(left(room)) == 5
    sweep()
    assert left(room) == []
    assert Room.objects.get().head_seq == 2 + 25 + 25


def test_one_process_sweeps_at_a_time(alice: User, room: RoomPayload) -> None:
    seqs = say(room, alice, days=[9])
    keep(room, 7)
    until = Now() + timedelta(seconds=60)
    Lease.objects.create(name="retention", holder="other", until=until)
    sweep()
    assert left(room) == seqs
    Lease.objects.update(until=Now() - timedelta(seconds=1))
    sweep()
    assert left(room) == []
    assert not Lease.objects.exists()


def test_an_owner_who_keeps_more_meanwhile_saves_the_rest(
    alice: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch asks the room anew, under its lock."""
    monkeypatch.setattr(erasing, "BATCH", 1)
    _, second = say(room, alice, days=[9, 9])
    keep(room, 7)

    def renew(_: Lease) -> None:
        if left(room) == [second]:
            keep(room, None)

    monkeypatch.setattr("chat.actions.retention.renew", renew)
    sweep()
    assert left(room) == [second]


def test_the_clean_up_only_starts_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Job] = []
    monkeypatch.setattr(jobs, "start", started.append)
    forget_old()
    assert started == [sweep]


def test_erasing_in_a_deleted_room_does_nothing(alice: User, room: RoomPayload) -> None:
    Room.objects.all().delete()
    erasing.erase(UUID(room.id), lambda _: Q(), renew=lambda: None)
