"""People who follow everything: each folds what the hub sends into a state.

The hub is the real one without its periodic checks: its feeds, its audiences and its
removals of readers are those that a socket meets.
"""

import json
from collections.abc import Iterable
from typing import Any, cast

from accounts.models import User
from chat import queries
from chat.events import encode
from chat.payloads.system_events import GUESTS
from chat.queries.messages import CaughtUp, Resume
from core.bus.envelopes import Envelope
from realtime.delivery.connection import Connection
from realtime.delivery.feed import Feed
from realtime.delivery.feeds import Feeds
from realtime.delivery.hub import Hub
from tests.api.door import Door
from tests.fold import Fold
from tests.frames import check_sent
from tests.people import access_token, acting

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

    def write(self, text: str, *, volatile: bool = False) -> None:
        check_sent(text)
        self.fold.hear(json.loads(text))

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
        found: list[Json] = answer[name]
        return found


class AtOnce(Feeds):
    def of(self, room: str) -> Feed:
        if room not in self._feeds:
            head, epoch = queries.rooms.heads([room])[room]
            self._feeds[room] = Feed(room)
            self._feeds[room].start(epoch, head)
        return self._feeds[room]

    def _close_later(self, feed: Feed) -> None:
        self._close(feed)


class Delivery(Hub):
    """Nothing here waits, so nothing here needs a loop."""

    feeds: AtOnce

    def __init__(self) -> None:
        self.connections = set()
        self._by_user = {}
        self.feeds = AtOnce()

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
        """To the rooms that the fold lacks, as realtime/handlers/rooms.py does it."""
        for room in follower.fold.wanted:
            connection = cast(Connection, follower)
            feed = self.feeds.of(room)
            feed.readers.join(connection)
            answer = queries.messages.catch_up(follower.actor, [Resume(room)])[room]
            assert isinstance(answer, CaughtUp)
            reply = json.loads(encode(answer))
            follower.fold.subscribed(
                reply, follower.history(room), follower.members(room)
            )
            feed.readers.go_live(connection, answer.head_seq)
