"""A follower that writes down what it gets, and the turns of its runner."""

from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import User
from chat.followers.follower import Batch
from chat.followers.runner import Runner
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Room
from chat.payloads.rooms import RoomPayload
from tests.people import acting

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
