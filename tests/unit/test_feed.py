"""A feed: one order for everybody, whatever comes in, and each number once."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
from django.db import OperationalError
from msgspec import UNSET

from accounts.actor import system
from accounts.models import User
from chat.payloads.messages import MessagePayload
from chat.payloads.system_events import GUESTS, SystemMemberRemoved
from chat.queries.messages import Changes
from core.bus.envelopes import Change
from realtime.delivery import feed as feed_module
from realtime.delivery import readers as readers_module
from realtime.delivery.connection import Connection
from realtime.delivery.feed import FRAME_BYTES, Feed

ROOM, EPOCH = "r1", "e5f0"


class Reader:
    """A connection that keeps what was written to it."""

    def __init__(self, user_id: str = "somebody", *, is_guest: bool = False) -> None:
        self.user_id = user_id
        self.names = (user_id, GUESTS) if is_guest else (user_id,)
        self.actor = system(User(is_guest=is_guest))
        self.rooms: dict[str, int] = {}
        self.frames: list[dict[str, Any]] = []

    def write(self, text: str) -> None:
        self.frames.append(json.loads(text))

    @property
    def heard(self) -> list[int]:
        """The numbers of all messages, in the order in which they came."""
        return [
            message["seq"]
            for frame in self.frames
            for message in frame.get("messages", [frame.get("message")])
        ]


def change(seq: int, leaver: str | None = None, padding: str = "") -> Change:
    message = json.dumps({"seq": seq, "body": padding}).encode()
    return Change(seq, "message.created", message, leaver)


def changes(*seqs: int) -> list[Change]:
    return [change(seq) for seq in seqs]


def listening(feed: Feed, user_id: str = "somebody", head: int = 0) -> Reader:
    reader = Reader(user_id)
    feed.readers.join(cast(Connection, reader))
    feed.readers.go_live(cast(Connection, reader), head)
    return reader


@pytest.fixture
async def feed() -> Feed:
    feed = Feed(ROOM)
    feed.start(EPOCH, 0)
    return feed


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers that the database has; a repair reads them."""
    seqs: list[int] = []

    async def read(_: object, room: str, after: int) -> Changes:
        await asyncio.sleep(0)
        found = [_payload(seq) for seq in seqs if seq > after]
        return Changes(EPOCH, max(seqs), found)

    monkeypatch.setattr(feed_module, "in_database", read)
    monkeypatch.setattr(feed_module, "GAP_SECONDS", 0.01)
    return seqs


def _payload(seq: int) -> MessagePayload:
    plain: dict[str, Any] = dict.fromkeys(MessagePayload.__struct_fields__)
    return MessagePayload(**{**plain, "seq": seq, "rev": seq, "event": UNSET})


async def test_a_single_change_is_its_own_event(feed: Feed) -> None:
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


async def test_a_frame_has_a_size(feed: Feed) -> None:
    reader = listening(feed)
    feed.offer(EPOCH, [change(seq, padding="x" * 10_000) for seq in range(1, 21)])
    assert reader.heard == list(range(1, 21))
    assert len(reader.frames) == 3
    assert all(len(json.dumps(f)) < FRAME_BYTES + 12_000 for f in reader.frames)


async def test_what_was_sent_is_not_sent_again(feed: Feed) -> None:
    reader = listening(feed)
    feed.offer(EPOCH, changes(1, 2))
    feed.offer(EPOCH, changes(1, 2))
    feed.offer(EPOCH, changes(2, 3))
    assert reader.heard == [1, 2, 3]


async def test_what_comes_too_early_waits(feed: Feed) -> None:
    reader = listening(feed)
    feed.offer(EPOCH, changes(2, 3))
    assert reader.heard == []
    feed.offer(EPOCH, changes(1))
    assert reader.heard == [1, 2, 3]


async def test_a_gap_is_filled_from_the_database(feed: Feed, stored: list[int]) -> None:
    reader = listening(feed)
    stored += [1, 2, 3]
    feed.offer(EPOCH, changes(3))
    await asyncio.sleep(0.05)
    assert reader.heard == [1, 2, 3]
    feed.offer(EPOCH, changes(1, 2, 4))
    assert reader.heard == [1, 2, 3, 4]


async def test_a_second_gap_is_filled_too(feed: Feed, stored: list[int]) -> None:
    reader = listening(feed)
    for last in (2, 4, 6):
        stored += [last - 1, last]
        feed.offer(EPOCH, changes(last))
        await asyncio.sleep(0.05)
    assert reader.heard == [1, 2, 3, 4, 5, 6]


async def test_a_lost_last_change_is_found_by_the_head(
    feed: Feed, stored: list[int]
) -> None:
    reader = listening(feed)
    stored += [1, 2]
    feed.check(2, EPOCH)
    await asyncio.sleep(0.05)
    assert reader.heard == [1, 2]


async def test_another_epoch_resets(
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


async def test_who_joins_misses_nothing_and_hears_nothing_twice(feed: Feed) -> None:
    """The database was read at 2, while 1, 2 and 3 came as one."""
    reader = Reader()
    feed.readers.join(cast(Connection, reader))
    feed.offer(EPOCH, changes(1, 2, 3))
    assert reader.frames == []
    feed.readers.go_live(cast(Connection, reader), head_seq=2)
    assert reader.heard == [3]
    feed.offer(EPOCH, changes(4))
    assert reader.heard == [3, 4]


async def test_who_read_ahead_hears_only_what_is_new(feed: Feed) -> None:
    """The database was at 3 when this process had heard of nothing yet."""
    behind = listening(feed)
    ahead = listening(feed, head=3)
    feed.offer(EPOCH, changes(1, 2))
    feed.offer(EPOCH, changes(3, 4))
    assert behind.heard == [1, 2, 3, 4]
    assert ahead.heard == [4]
    feed.offer(EPOCH, changes(5))
    assert ahead.heard == [4, 5]


async def test_what_comes_before_the_head_is_known_is_kept() -> None:
    feed = Feed(ROOM)
    feed.offer(EPOCH, changes(5, 6))
    feed.start(EPOCH, 5)
    reader = listening(feed, head=5)
    feed.offer(EPOCH, changes(7))
    assert feed.readers.last == 7
    # 6 went out before this reader came: it is in what they read, or they resume.
    assert reader.heard == [7]


async def test_the_leaver_hears_it_last(feed: Feed) -> None:
    reader = listening(feed)
    leaver = listening(feed, "bob")
    feed.offer(EPOCH, [change(1), change(2, leaver="bob"), change(3)])
    assert leaver.heard == [1, 2]
    assert leaver.rooms == {}
    assert reader.heard == [1, 2, 3]


async def test_guests_are_taken_out_together(feed: Feed) -> None:
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


def removal(seq: int, who: str, *, rev: int | None = None) -> MessagePayload:
    event = SystemMemberRemoved(who)
    return msgspec.structs.replace(_payload(seq), rev=rev or seq, event=event)


def answer_with(
    monkeypatch: pytest.MonkeyPatch,
    found: Changes,
    may_read: set[tuple[str, str]] | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """What a repair reads, who may still read, and what happens while that is asked."""

    async def changes(*_: object) -> Changes:
        await asyncio.sleep(0)
        return found

    async def reading(*_: object) -> set[tuple[str, str]]:
        await asyncio.sleep(0)
        meanwhile()
        return may_read or set()

    monkeypatch.setattr(feed_module, "in_database", changes)
    monkeypatch.setattr(readers_module, "in_database", reading)


async def test_a_removal_long_ago_takes_nobody_out_again(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message that tells of it changed since, and comes with a repair."""
    feed.offer(EPOCH, [change(1, leaver="bob"), change(2)])
    back = listening(feed, "bob", head=2)
    answer_with(monkeypatch, Changes(EPOCH, 3, [removal(1, "bob", rev=3)]))
    feed.check(3, EPOCH)
    await asyncio.sleep(0.05)
    assert list(back.rooms) == [ROOM]


async def test_a_repair_takes_the_leaver_out_at_the_number_of_the_removal(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the number at which the removal's row has changed since."""
    leaver, other = listening(feed, "bob"), listening(feed)
    gap = [_payload(1), _payload(3), removal(2, "bob", rev=4)]
    answer_with(monkeypatch, Changes(EPOCH, 4, gap))
    feed.check(4, EPOCH)
    await asyncio.sleep(0.05)
    assert (leaver.heard, leaver.rooms) == ([1], {})
    assert other.heard == [1, 3, 2]


async def test_a_reset_takes_out_whoever_may_not_read_any_more(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too much was missed to look for the removals in it."""
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


async def test_a_reset_leaves_alone_who_has_subscribed_again_meanwhile(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob was out when the database was asked, and was let in a moment later."""
    back = listening(feed, "bob")

    def come_back() -> None:
        feed.readers.join(cast(Connection, back))
        feed.readers.go_live(cast(Connection, back), 602)

    answer_with(monkeypatch, Changes(EPOCH, 600, None), meanwhile=come_back)
    feed.check(600, EPOCH)
    await asyncio.sleep(0.05)
    feed.offer(EPOCH, changes(601, 602, 603))
    assert back.heard == [603]


async def test_a_reset_overtakes_who_is_catching_up(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their answer may be older than a removal that the reset has passed over."""
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


async def test_who_left_and_came_back_stays(feed: Feed) -> None:
    """Their new subscription read beyond the number at which they had left."""
    back = listening(feed, "bob", head=3)
    feed.offer(EPOCH, [change(1), change(2, leaver="bob"), change(3), change(4)])
    assert back.heard == [4]


async def test_who_leaves_while_joining_hears_it_last(feed: Feed) -> None:
    reader = Reader("bob")
    feed.readers.join(cast(Connection, reader))
    feed.offer(EPOCH, [change(1, leaver="bob"), change(2)])
    feed.readers.go_live(cast(Connection, reader), head_seq=0)
    assert reader.heard == [1]
    assert feed.readers.is_empty
