"""A client's state, made of events: the reference for people who write a client.

It starts from the answers of REST and `subscribe`, and after that only frames change
it. Nothing here knows the server; the shapes are those of docs/protocol.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

# The server counts no further.
MAX_UNREAD = 1000
# The fields of a room that are its reader's own: null in an event that goes to many.
OWN = ("role", "notify", "muted_until", "read")


@dataclass
class Open:
    """A room that I read: its log, its members, and the ids of those who are online."""

    last: int
    messages: dict[int, Json]
    members: dict[str, Json]
    online: set[str]


@dataclass
class Fold:
    """One person's view. `mine` and `directory` are rooms by id."""

    me: str
    mine: dict[str, Json] = field(default_factory=dict)
    directory: dict[str, Json] = field(default_factory=dict)
    open: dict[str, Open] = field(default_factory=dict)

    # --- Answers to my requests ----------------------------------------------------

    def begin(self, mine: Iterable[Json], directory: Iterable[Json]) -> None:
        self.mine = {room["id"]: room for room in mine}
        self.directory = {room["id"]: room for room in directory}
        self.open = {}

    @property
    def wanted(self) -> list[str]:
        """My rooms that I am not subscribed to yet."""
        return [room for room in self.mine if room not in self.open]

    def subscribed(
        self, reply: Json, history: Iterable[Json], members: Iterable[Json]
    ) -> None:
        self.open[reply["room"]] = Open(
            reply["head_seq"],
            {message["seq"]: message for message in history},
            {member["user"]["id"]: member for member in members},
            set(reply["online"]),
        )
        self._count(reply["room"])

    # --- Events --------------------------------------------------------------------

    def hear(self, frame: Json) -> None:
        match frame["type"]:
            case "message.created" | "message.updated" | "message.deleted":
                self._log(frame, frame["seq"] - 1, [frame["message"]])
            case "room.changes":
                self._log(frame, frame["after"], frame["messages"])
            case "read.updated":
                self._read(frame)
            case "member.joined" | "member.updated" | "member.left":
                if frame["room"] in self.open:
                    _people(self.open[frame["room"]], frame)
            case "presence.changed":
                for room in self.open.values():
                    _seen(room, frame["user"], frame["online"])
            case "room.added":
                self.mine[frame["room"]["id"]] = frame["room"]
                self._count(frame["room"]["id"])
            case "room.removed":
                self._lose(frame["room"])
            case "room.created" | "room.updated":
                self._change(frame["room"])
            case "room.deleted":
                self._lose(frame["room"])
                self.directory.pop(frame["room"], None)

    def _read(self, frame: Json) -> None:
        if mine := self.mine.get(frame["room"]):
            keys = ("read_seq", "unread", "mentions")
            mine["read"] = {key: frame[key] for key in keys}

    def _log(self, frame: Json, after: int, messages: Iterable[Json]) -> None:
        """The client rule: skip everything that is not above `last`."""
        room = self.open[frame["room"]]
        if frame["seq"] <= room.last:
            return
        assert after <= room.last, "a gap: hold it, and subscribe again after 2 s"
        for message in messages:
            room.messages[message["seq"]] = message
        room.last = frame["seq"]
        self._count(frame["room"])

    def _change(self, room: Json) -> None:
        """Take a room as everybody sees it, and keep the fields that are my own."""
        if room["kind"] == "public":
            self.directory[room["id"]] = room
        if mine := self.mine.get(room["id"]):
            self.mine[room["id"]] = room | {key: mine[key] for key in OWN}

    def _lose(self, room: str) -> None:
        self.mine.pop(room, None)
        self.open.pop(room, None)

    def _count(self, room_id: str) -> None:
        """Count the messages of others above my marker. A client that holds less of the
        log adds one for each new message instead, until the next `read.updated`."""
        room, mine = self.open.get(room_id), self.mine.get(room_id)
        if room is None or mine is None:
            return
        mine["head_seq"] = room.last
        read_seq = mine["read"]["read_seq"]
        unread = [m for m in room.messages.values() if self._is_new(m, read_seq)]
        meant = [m for m in unread if {self.me, "room"} & set(m["mentions"])]
        mine["read"] = {
            "read_seq": read_seq,
            "unread": min(len(unread), MAX_UNREAD),
            "mentions": min(len(meant), MAX_UNREAD),
        }

    def _is_new(self, message: Json, read_seq: int) -> bool:
        if message["seq"] <= read_seq or message["kind"] != "user":
            return False
        sender = message["sender"]
        is_mine = sender is not None and sender["id"] == self.me
        return message["deleted_at"] is None and not is_mine


def _people(room: Open, frame: Json) -> None:
    if frame["type"] == "member.left":
        room.members.pop(frame["user"], None)
        room.online.discard(frame["user"])
        return
    user = frame["member"]["user"]["id"]
    room.members[user] = frame["member"]
    if frame["type"] == "member.joined":
        _seen(room, user, frame["online"])


def _seen(room: Open, user: str, online: bool) -> None:
    if user in room.members and online:
        room.online.add(user)
    else:
        room.online.discard(user)
