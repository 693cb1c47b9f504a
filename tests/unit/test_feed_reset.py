"""A feed resets its readers when a gap is too long or the epoch is another."""

import asyncio
from typing import cast

import pytest
from django.db import OperationalError

from chat.queries.messages import Changes
from realtime.delivery.connection import Connection
from realtime.delivery.feed import Feed

from .feed_scene import (
    EPOCH,
    ROOM,
    Reader,
    answer_with,
    changes,
    listening,
    new_feed,
)


@pytest.fixture
async def feed() -> Feed:
    return new_feed()


async def test_another_epoch_resets_the_readers(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = listening(feed)
    answer_with(monkeypatch, Changes("0000", 7, []), may_read={("somebody", ROOM)})
    feed.check(7, "0000")
    await asyncio.sleep(0.01)
    [frame] = reader.frames
    assert frame == {"type": "room.reset", "room": ROOM, "seq": 7, "epoch": "0000"}
    feed.offer("0000", changes(8))
    assert reader.frames[-1]["seq"] == 8


async def test_a_reset_expels_the_readers_who_may_not_read_any_more(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gap is too long to look for removals in it."""
    removed, closed_to = Reader("bob"), Reader("g1", is_guest=True)
    for reader in (removed, closed_to):
        feed.readers.join(cast(Connection, reader))
        feed.readers.go_live(cast(Connection, reader), 0)
    stays = listening(feed, "alice")
    answer_with(monkeypatch, Changes(EPOCH, 600, None), may_read={("alice", ROOM)})
    feed.check(600, EPOCH)
    await asyncio.sleep(0.05)
    feed.offer(EPOCH, changes(601))
    assert [frame["type"] for frame in removed.frames] == ["room.removed"]
    assert [frame["type"] for frame in closed_to.frames] == ["room.deleted"]
    assert [frame["type"] for frame in stays.frames] == [
        "room.reset",
        "message.created",
    ]
    assert (removed.rooms, closed_to.rooms) == ({}, {})


async def test_nothing_goes_out_while_a_reset_asks_who_may_read(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed, stays = listening(feed, "bob"), listening(feed, "alice")
    answer_with(
        monkeypatch,
        Changes(EPOCH, 600, None),
        may_read={("alice", ROOM)},
        meanwhile=lambda: feed.offer(EPOCH, changes(1, 601)),
    )
    feed.check(600, EPOCH)
    await asyncio.sleep(0.05)
    assert removed.frames == [{"type": "room.removed", "room": ROOM}]
    assert [frame["seq"] for frame in stays.frames] == [600, 601]


async def test_a_reset_spares_a_reader_who_subscribed_again_meanwhile(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob was no member when the database was asked, and joined a moment later."""
    back = listening(feed, "bob")

    def come_back() -> None:
        feed.readers.join(cast(Connection, back))
        feed.readers.go_live(cast(Connection, back), 602)

    answer_with(monkeypatch, Changes(EPOCH, 600, None), meanwhile=come_back)
    feed.check(600, EPOCH)
    await asyncio.sleep(0.05)
    feed.offer(EPOCH, changes(601, 602, 603))
    assert back.heard == [603]


async def test_a_reader_who_catches_up_during_a_reset_has_to_join_again(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer may be older than a removal that the reset has passed over."""
    joining = Reader("bob")
    feed.readers.join(cast(Connection, joining))
    answer_with(monkeypatch, Changes(EPOCH, 600, None))
    feed.check(600, EPOCH)
    await asyncio.sleep(0.05)
    assert feed.readers.must_rejoin == {cast(Connection, joining)}
    feed.readers.go_live(cast(Connection, joining), 0)
    feed.offer(EPOCH, changes(601))
    assert joining.frames == []
    feed.readers.join(cast(Connection, joining))
    feed.readers.go_live(cast(Connection, joining), 601)
    feed.offer(EPOCH, changes(602))
    assert joining.heard == [602]


async def test_a_reset_is_tried_again_when_the_database_does_not_answer(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = listening(feed, "alice")

    def break_down() -> None:
        raise OperationalError

    answer_with(monkeypatch, Changes(EPOCH, 600, None), meanwhile=break_down)
    feed.check(600, EPOCH)
    await asyncio.sleep(0.05)
    assert reader.frames == []
    answer_with(monkeypatch, Changes(EPOCH, 600, None), may_read={("alice", ROOM)})
    feed.check(600, EPOCH)
    await asyncio.sleep(0.05)
    assert [frame["type"] for frame in reader.frames] == ["room.reset"]
