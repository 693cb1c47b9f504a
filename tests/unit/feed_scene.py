"""Connections that keep what a feed sends them, and changes to send."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
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
from realtime.delivery.feed import Feed
from realtime.protocol.prepared import PreparedFrame

ROOM, EPOCH = "r1", "e5f0"


class Reader:
    """A connection that keeps what was written to it."""

    def __init__(self, user_id: str = "somebody", *, is_guest: bool = False) -> None:
        self.user_id = user_id
        self.names = (user_id, GUESTS) if is_guest else (user_id,)
        self.actor = system(User(is_guest=is_guest))
        self.rooms: dict[str, int] = {}
        self.frames: list[dict[str, Any]] = []

    def write(self, frame: PreparedFrame) -> None:
        self.frames.append(json.loads(frame.text))

    @property
    def heard(self) -> list[int]:
        """The numbers of all messages, in the order of their arrival."""
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


def new_feed() -> Feed:
    """A feed that has started at number 0."""
    feed = Feed(ROOM)
    feed.start(EPOCH, 0)
    return feed


def payload(seq: int) -> MessagePayload:
    plain: dict[str, Any] = dict.fromkeys(MessagePayload.__struct_fields__)
    return MessagePayload(**{**plain, "seq": seq, "rev": seq, "event": UNSET})


def removal(seq: int, who: str, *, rev: int | None = None) -> MessagePayload:
    event = SystemMemberRemoved(who)
    return msgspec.structs.replace(payload(seq), rev=rev or seq, event=event)


def answer_with(
    monkeypatch: pytest.MonkeyPatch,
    found: Changes,
    may_read: set[tuple[str, str]] | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Let a repair read `found`; while it asks who may still read, call `meanwhile`."""

    async def changes(*_: object) -> Changes:
        await asyncio.sleep(0)
        return found

    async def reading(*_: object) -> set[tuple[str, str]]:
        await asyncio.sleep(0)
        meanwhile()
        return may_read or set()

    monkeypatch.setattr(feed_module, "in_database", changes)
    monkeypatch.setattr(readers_module, "in_database", reading)
