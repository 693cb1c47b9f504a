"""A frame of every command, and the command that it is decoded to."""

from typing import Any

from realtime.protocol import commands
from realtime.protocol.commands import RoomCursor

GOOD: list[tuple[dict[str, Any], commands.Command]] = [
    (
        {"type": "subscribe", "ref": 1, "rooms": [{"room": "a"}]},
        commands.Subscribe(1, [RoomCursor("a")]),
    ),
    (
        {
            "type": "subscribe",
            "ref": 1,
            "rooms": [{"room": "a", "after": 7, "epoch": "e5f0"}, {"room": "b"}],
        },
        commands.Subscribe(1, [RoomCursor("a", 7, "e5f0"), RoomCursor("b")]),
    ),
    (
        {"type": "unsubscribe", "ref": 0, "rooms": ["a", "b"]},
        commands.Unsubscribe(0, ["a", "b"]),
    ),
    (
        {"type": "message.send", "ref": 2, "room": "a", "client_id": "c", "body": "hi"},
        commands.MessageSend(2, "a", "c", "hi"),
    ),
    (
        {
            "type": "message.send",
            "ref": 2,
            "room": "a",
            "client_id": "c",
            "body": "hi",
            "reply_to": 4,
        },
        commands.MessageSend(2, "a", "c", "hi", 4),
    ),
    (
        {
            "type": "message.send",
            "ref": 2,
            "room": "a",
            "client_id": "c",
            "body": "",
            "attachments": ["f"],
        },
        commands.MessageSend(2, "a", "c", "", attachments=["f"]),
    ),
    (
        {"type": "direct.send", "ref": 2, "to": "bob", "client_id": "c", "body": "hi"},
        commands.DirectSend(2, "bob", "c", "hi"),
    ),
    (
        {"type": "message.edit", "ref": 2, "room": "a", "seq": 4, "body": "ho"},
        commands.MessageEdit(2, "a", 4, "ho"),
    ),
    (
        {"type": "message.delete", "ref": 2, "room": "a", "seq": 4},
        commands.MessageDelete(2, "a", 4),
    ),
    (
        {"type": "reaction.add", "ref": 2, "room": "a", "seq": 4, "emoji": "👍"},
        commands.ReactionAdd(2, "a", 4, "👍"),
    ),
    (
        {"type": "reaction.remove", "ref": 2, "room": "a", "seq": 4, "emoji": "👍"},
        commands.ReactionRemove(2, "a", 4, "👍"),
    ),
    (
        {"type": "read.mark", "ref": 2, "room": "a", "seq": 4},
        commands.ReadMark(2, "a", 4),
    ),
    ({"type": "typing.start", "room": "a"}, commands.TypingStart("a")),
    ({"type": "typing.stop", "room": "a"}, commands.TypingStop("a")),
    ({"type": "history", "ref": 3, "room": "a"}, commands.History(3, "a")),
    (
        {"type": "history", "ref": 3, "room": "a", "before": 9, "limit": 100},
        commands.History(3, "a", before=9, limit=100),
    ),
    ({"type": "room.join", "ref": 4, "room": "a"}, commands.RoomJoin(4, "a")),
    ({"type": "room.leave", "ref": 4, "room": "a"}, commands.RoomLeave(4, "a")),
    (
        {"type": "auth.refresh", "ref": 8, "token": "a.b.c"},
        commands.AuthRefresh(8, "a.b.c"),
    ),
    ({"type": "ping", "ref": 2**53 - 1}, commands.Ping(2**53 - 1)),
    ({"type": "pong", "n": 5}, commands.Pong(5)),
]
