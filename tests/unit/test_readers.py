"""The readers of a room: joining, catching up ahead of the feed, and leaving."""

from typing import cast

import pytest

from chat.payloads.system_events import GUESTS
from realtime.delivery.connection import Connection
from realtime.delivery.feed import Feed

from .feed_scene import EPOCH, ROOM, Reader, change, changes, listening, new_feed


@pytest.fixture
async def feed() -> Feed:
    return new_feed()


async def test_a_reader_that_joins_misses_nothing_and_hears_nothing_twice(
    feed: Feed,
) -> None:
    """The database was read at 2, while 1, 2 and 3 came as one."""
    reader = Reader()
    feed.readers.join(cast(Connection, reader))
    feed.offer(EPOCH, changes(1, 2, 3))
    assert reader.frames == []
    feed.readers.go_live(cast(Connection, reader), head_seq=2)
    assert reader.heard == [3]
    feed.offer(EPOCH, changes(4))
    assert reader.heard == [3, 4]


async def test_a_reader_that_caught_up_ahead_of_the_feed_hears_only_new_changes(
    feed: Feed,
) -> None:
    """The database was at 3 when this process had not received 1 yet."""
    behind = listening(feed)
    ahead = listening(feed, head=3)
    feed.offer(EPOCH, changes(1, 2))
    feed.offer(EPOCH, changes(3, 4))
    assert behind.heard == [1, 2, 3, 4]
    assert ahead.heard == [4]
    feed.offer(EPOCH, changes(5))
    assert ahead.heard == [4, 5]


async def test_a_leaver_hears_of_leaving_and_nothing_after_it(feed: Feed) -> None:
    reader = listening(feed)
    leaver = listening(feed, "bob")
    feed.offer(EPOCH, [change(1), change(2, leaver="bob"), change(3)])
    assert leaver.heard == [1, 2]
    assert leaver.rooms == {}
    assert reader.heard == [1, 2, 3]


async def test_guests_leave_together_and_members_stay(feed: Feed) -> None:
    member = listening(feed, "bob")
    guests = [Reader(name, is_guest=True) for name in ("g1", "g2", "g3")]
    for guest in guests:
        feed.readers.join(cast(Connection, guest))
    live, ahead, joining = guests
    feed.readers.go_live(cast(Connection, live), 0)
    feed.readers.go_live(cast(Connection, ahead), 1)
    feed.offer(EPOCH, [change(1), change(2, leaver=GUESTS), change(3)])
    feed.readers.go_live(cast(Connection, joining), 0)
    assert [guest.heard for guest in guests] == [[1, 2], [2], [1, 2]]
    assert feed.readers.all == [cast(Connection, member)]
    assert list(member.rooms) == [ROOM]
    assert member.heard == [1, 2, 3]


async def test_a_reader_who_left_and_came_back_stays(feed: Feed) -> None:
    """The new subscription caught up beyond the number at which the reader left."""
    back = listening(feed, "bob", head=3)
    feed.offer(EPOCH, [change(1), change(2, leaver="bob"), change(3), change(4)])
    assert back.heard == [4]


async def test_a_reader_who_leaves_while_joining_hears_that_last(feed: Feed) -> None:
    reader = Reader("bob")
    feed.readers.join(cast(Connection, reader))
    feed.offer(EPOCH, [change(1, leaver="bob"), change(2)])
    feed.readers.go_live(cast(Connection, reader), head_seq=0)
    assert reader.heard == [1]
    assert feed.readers.is_empty
