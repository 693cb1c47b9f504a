"""One client's actions and sights in order: the checker's only source but the log.

Times are monotonic seconds of the machine that the clients run on.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "invoke",
    "ok",
    "edited",
    "error",
    "open",
    "subscribed",
    "heard",
    "reset",
    "close",
]


class Seen(NamedTuple):
    """One message as a frame showed it."""

    seq: int
    rev: int
    client_id: str | None
    body: str

    @classmethod
    def of(cls, message: dict[str, Any]) -> "Seen":
        return cls(
            message["seq"], message["rev"], message["client_id"], message["body"]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`invoke`, `ok`, `edited` and `error` concern a `client_id`, the others a room.

    `subscribed` is a reply: `seq` is its head, and `recovered` is None when no `after`
    was given. `heard` is a durable event with all changes after `after` up to `seq`.
    """

    at: float
    connection: int
    kind: Kind
    room: str = ""
    client_id: str = ""
    after: int = 0
    seq: int = 0
    rev: int = 0
    recovered: bool | None = None
    code: str = ""
    messages: tuple[Seen, ...] = ()


class History:
    """One client's events. `state` is what it holds in the end, by room and seq."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.connection = 0
        self.events: list[Event] = []
        self.state: dict[str, dict[int, Seen]] = {}
        # By room, the number from which on the client wanted everything.
        self.first: dict[str, int] = {}

    def add(self, kind: Kind, **fields: Any) -> None:
        event = Event(
            at=time.monotonic(), connection=self.connection, kind=kind, **fields
        )
        self.events.append(event)


def dump(histories: Iterable[History], path: Path) -> None:
    """Write them as lines of JSON, to be read when a counter is not 0."""
    with path.open("w") as file:
        for history in histories:
            for event in history.events:
                file.write(json.dumps({"user": history.user} | asdict(event)) + "\n")
