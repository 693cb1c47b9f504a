"""People who follow all events: each is a fold that hears everything the hub sends it.

The hub is the real one without its timers. Its feeds, its audiences and the way it
takes people out of a room are those that a socket meets.
"""

import json
from collections.abc import Iterable
from typing import Any, cast

from accounts.models import User
from chat import queries
from chat.events import encode
from chat.payloads.system_events import GUESTS
from chat.queries.catching_up import CaughtUp, Resume
from core.bus.envelopes import Envelope
from realtime.delivery.connection import Connection
from realtime.delivery.feed import Feed
from realtime.delivery.feeds import Feeds
from realtime.delivery.hub import Hub
from realtime.protocol.prepared import PreparedFrame
from tests.api.door import Door
from tests.fold import Fold
from tests.frames import check_sent
from tests.people import access_token, acting

from .resuming import resumed

Json = dict[str, Any]


class Follower:
    """One person, with one connection and the REST API."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.actor = acting(user)
        self.user_id = str(user.pk)
        self.names = {self.user_id, GUESTS} if user.is_guest else {self.user_id}
        self.rooms: dict[str, int] = {}
        self.fold = Fold(self.user_id)
        self._door = Door(access_token(user))

    def write(self, frame: PreparedFrame, *, volatile: bool = False) -> None:
        check_sent(frame.text)
        self.fold.hear(json.loads(frame.text))

    def my_rooms(self) -> list[Json]:
        return self._read("rooms", "rooms")

    def members(self, room: str) -> list[Json]:
        return self._read(f"rooms/{room}/members", "members")

    def history(self, room: str) -> list[Json]:
        return self._read(f"rooms/{room}/messages?limit=100", "messages")

    def directory(self) -> list[Json]:
        return self._read("directory?limit=100", "rooms")

    def _read(self, path: str, name: str) -> list[Json]:
        answer = self._door.get(path).json()
        assert not answer.get("has_before"), "more than a page: shorten the test"
        entries: list[Json] = answer[name]
        return entries


class ImmediateFeeds(Feeds):
    """Feeds that open and close without a task or a timer."""

    def of(self, room: str) -> Feed:
        if room not in self._feeds:
            head, epoch = queries.rooms.heads([room])[room]
            self._feeds[room] = Feed(room)
            self._feeds[room].start(epoch, head)
        return self._feeds[room]

    def _close_later(self, feed: Feed) -> None:
        self._close(feed)


class Delivery(Hub):
    """A hub that never waits, so it needs no event loop."""

    feeds: ImmediateFeeds

    def __init__(self) -> None:
        self.connections = set()
        self._by_user = {}
        self.feeds = ImmediateFeeds()

    def follow(self, user: User) -> Follower:
        follower = Follower(user)
        self.connections.add(cast(Connection, follower))
        self._by_user[follower.user_id] = {cast(Connection, follower)}
        follower.fold.begin(follower.my_rooms(), follower.directory())
        self.subscribe(follower)
        return follower

    def publish(self, envelopes: Iterable[Envelope]) -> None:
        for envelope in envelopes:
            self._dispatch(envelope)

    def subscribe(self, follower: Follower) -> None:
        """Subscribe to the rooms the fold lacks, like realtime/handlers/rooms.py."""
        for room in follower.fold.wanted:
            connection = cast(Connection, follower)
            feed = self.feeds.of(room)
            feed.readers.join(connection)
            answer = resumed(follower.actor, [Resume(room)])[room]
            assert isinstance(answer, CaughtUp)
            reply = json.loads(encode(answer))
            follower.fold.subscribed(
                reply, follower.history(room), follower.members(room)
            )
            feed.readers.go_live(connection, answer.head_seq)
