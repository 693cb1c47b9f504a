"""A feed sends changes in one order, and each number once, whatever comes in."""

import json

import pytest

from realtime.delivery.feed import FRAME_BYTES, Feed

from .feed_scene import EPOCH, ROOM, change, changes, listening, new_feed


@pytest.fixture
async def feed() -> Feed:
    return new_feed()


async def test_a_single_change_goes_out_as_an_event_of_its_own(feed: Feed) -> None:
    reader = listening(feed)
    feed.offer(EPOCH, changes(1))
    [frame] = reader.frames
    assert (frame["type"], frame["room"], frame["seq"]) == ("message.created", ROOM, 1)


async def test_changes_that_come_together_share_a_frame(feed: Feed) -> None:
    reader = listening(feed)
    feed.offer(EPOCH, changes(1, 2, 3))
    [frame] = reader.frames
    assert frame["type"] == "room.changes"
    assert (frame["after"], frame["seq"]) == (0, 3)
    assert reader.heard == [1, 2, 3]


async def test_many_changes_are_split_into_frames_of_limited_size(feed: Feed) -> None:
    reader = listening(feed)
    feed.offer(EPOCH, [change(seq, padding="x" * 10_000) for seq in range(1, 21)])
    assert reader.heard == list(range(1, 21))
    assert len(reader.frames) == 3
    assert all(len(json.dumps(f)) < FRAME_BYTES + 12_000 for f in reader.frames)


async def test_a_change_that_was_sent_is_not_sent_again(feed: Feed) -> None:
    reader = listening(feed)
    feed.offer(EPOCH, changes(1, 2))
    feed.offer(EPOCH, changes(1, 2))
    feed.offer(EPOCH, changes(2, 3))
    assert reader.heard == [1, 2, 3]


async def test_a_change_that_comes_too_early_waits_for_those_before_it(
    feed: Feed,
) -> None:
    reader = listening(feed)
    feed.offer(EPOCH, changes(2, 3))
    assert reader.heard == []
    feed.offer(EPOCH, changes(1))
    assert reader.heard == [1, 2, 3]


async def test_changes_that_come_before_the_head_is_known_are_kept() -> None:
    feed = Feed(ROOM)
    feed.offer(EPOCH, changes(5, 6))
    feed.start(EPOCH, 5)
    reader = listening(feed, head=5)
    feed.offer(EPOCH, changes(7))
    assert feed.readers.last == 7
    # 6 went out before this reader came, so its reply had it, or it resumes.
    assert reader.heard == [7]
