"""A feed fills its gaps from the database."""

import asyncio

import pytest

from chat.queries.messages import Changes
from realtime.delivery import feed as feed_module
from realtime.delivery.feed import Feed

from .feed_scene import (
    EPOCH,
    ROOM,
    answer_with,
    change,
    changes,
    listening,
    new_feed,
    payload,
    removal,
)


@pytest.fixture
async def feed() -> Feed:
    return new_feed()


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers that the database has; a repair reads them."""
    seqs: list[int] = []

    async def read(_: object, room: str, after: int) -> Changes:
        await asyncio.sleep(0)
        found = [payload(seq) for seq in seqs if seq > after]
        return Changes(EPOCH, max(seqs), found)

    monkeypatch.setattr(feed_module, "in_database", read)
    monkeypatch.setattr(feed_module, "GAP_SECONDS", 0.01)
    return seqs


async def test_a_gap_is_filled_from_the_database(feed: Feed, stored: list[int]) -> None:
    reader = listening(feed)
    stored += [1, 2, 3]
    feed.offer(EPOCH, changes(3))
    await asyncio.sleep(0.05)
    assert reader.heard == [1, 2, 3]
    feed.offer(EPOCH, changes(1, 2, 4))
    assert reader.heard == [1, 2, 3, 4]


async def test_later_gaps_are_filled_too(feed: Feed, stored: list[int]) -> None:
    reader = listening(feed)
    for last in (2, 4, 6):
        stored += [last - 1, last]
        feed.offer(EPOCH, changes(last))
        await asyncio.sleep(0.05)
    assert reader.heard == [1, 2, 3, 4, 5, 6]


async def test_a_lost_last_change_is_found_by_the_head_of_the_room(
    feed: Feed, stored: list[int]
) -> None:
    reader = listening(feed)
    stored += [1, 2]
    feed.check(2, EPOCH)
    await asyncio.sleep(0.05)
    assert reader.heard == [1, 2]


async def test_a_repair_with_an_old_removal_takes_nobody_out_again(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message about the removal has changed since, so the repair reads it."""
    feed.offer(EPOCH, [change(1, leaver="bob"), change(2)])
    back = listening(feed, "bob", head=2)
    answer_with(monkeypatch, Changes(EPOCH, 3, [removal(1, "bob", rev=3)]))
    feed.check(3, EPOCH)
    await asyncio.sleep(0.05)
    assert list(back.rooms) == [ROOM]


async def test_a_repair_takes_the_leaver_out_at_the_number_of_the_removal(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the number of a later change of that message."""
    leaver, other = listening(feed, "bob"), listening(feed)
    gap = [payload(1), payload(3), removal(2, "bob", rev=4)]
    answer_with(monkeypatch, Changes(EPOCH, 4, gap))
    feed.check(4, EPOCH)
    await asyncio.sleep(0.05)
    assert (leaver.heard, leaver.rooms) == ([1], {})
    assert other.heard == [1, 3, 2]
