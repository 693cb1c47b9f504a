"""Rooms that sockets open at the same time are read together."""

import asyncio

import pytest

from accounts.models import User
from chat.payloads.rooms import RoomPayload
from core import metrics
from realtime.delivery.feeds import Feeds
from tests.people import NOBODY
from tests.unit.resuming import three_rooms

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rooms(alice: User, bob: User) -> list[RoomPayload]:
    return three_rooms(alice, bob)


def calls() -> float:
    labels = {"call": "heads"}
    name = "hubbub_group_size_count"
    return metrics.registry.get_sample_value(name, labels) or 0


async def test_rooms_that_are_opened_at_once_are_read_in_one_call(
    rooms: list[RoomPayload],
) -> None:
    feeds = Feeds()
    before = calls()
    wanted = [[rooms[0].id, rooms[1].id], [rooms[1].id, rooms[2].id], [NOBODY]]
    opened = await asyncio.gather(*(feeds.open(ids) for ids in wanted))
    assert calls() - before == 1
    assert [list(found) for found in opened] == [*wanted[:2], []]
    assert all(feed.readers.last == 2 for found in opened for feed in found.values())
