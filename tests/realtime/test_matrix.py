"""The answer to every command, for every relation that a person can have to a room.

The table is the rule; a command that is not in it fails. `ok` is a reply, a word the
refusal: `no` forbidden, `mute` muted, `none` room_not_found. Anonymous people have no
socket at all (test_connect.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from realtime.protocol.commands import Asking
from tests.api.scene import ROLES as EVERYBODY
from tests.served import Deployment, Process
from tests.sockets import Socket, chatting

# An anonymous person cannot open a socket.
ROLES = tuple(role for role in EVERYBODY if role != "anonymous")
# owner moderator member muted banned former outsider staff guest visitor
TABLE = {
    "subscribe": "ok ok ok ok none no no no none ok",
    "unsubscribe": "ok ok ok ok ok ok ok ok ok ok",
    "message.send": "ok ok ok mute none no no no none no",
    "direct.send": "ok ok invalid ok ok ok ok ok no no",
    "message.edit": "ok no no mute none no no no none no",
    "message.delete": "ok ok no no none no no no none no",
    "reaction.add": "ok ok ok mute none no no no none no",
    "reaction.remove": "ok ok ok mute none no no no none no",
    "history": "ok ok ok ok none no no no none ok",
    "read.mark": "ok ok ok ok none no no no none no",
    "room.join": "ok ok ok ok none ok ok ok none no",
    "room.leave": "no ok ok ok none ok ok ok none no",
    "auth.refresh": "ok ok ok ok ok ok ok ok ok ok",
    "ping": "ok ok ok ok ok ok ok ok ok ok",
}
WORDS = {"no": "forbidden", "mute": "muted", "none": "room_not_found"}


@dataclass(frozen=True)
class World:
    """One server, one person for each role, and one to write to."""

    process: Process
    tokens: dict[str, str]
    ids: dict[str, str]

    def call(self, role: str, method: str, path: str, body: Any = None) -> Any:
        answer = self.process.call(method, path, self.tokens[role], body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def new_room(self, name: str, *, guests_may_read: bool) -> str:
        """A public room in which each person has the role that they are named after."""
        wanted = {"name": name, "guests_may_read": guests_may_read}
        room = str(self.call("owner", "POST", "rooms", wanted)["id"])
        for role in ("moderator", "member", "muted", "banned", "former"):
            self.call(role, "POST", f"rooms/{room}/join")
        members = f"rooms/{room}/members"
        moderator, muted = self.ids["moderator"], self.ids["muted"]
        self.call("owner", "PATCH", f"{members}/{moderator}", {"role": "moderator"})
        self.call("owner", "PUT", f"{members}/{muted}/mute", {"seconds": 600})
        self.call("owner", "PUT", f"rooms/{room}/bans/{self.ids['banned']}")
        self.call("former", "POST", f"rooms/{room}/leave")
        return room


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("matrix")
    deployment = Deployment(directory, settings={"ALLOW_GUESTS": "on"})
    deployment.migrate()
    with_account = ROLES[:-2]
    people = deployment.people(len(with_account))
    tokens = {role: p.token for role, p in zip(with_account, people, strict=True)}
    staff = people[ROLES.index("staff")].username
    deployment.manage(
        "shell",
        "-c",
        "from accounts.models import User;"
        f"User.objects.filter(username='{staff}').update(is_staff=True)",
    )
    with deployment.serving() as process:
        for role in ROLES[-2:]:
            tokens[role] = process.call("POST", "auth/guest").json()["access"]
        ids = {
            role: process.call("GET", "me", token).json()["id"]
            for role, token in tokens.items()
        }
        yield World(process, tokens, ids)


def command(kind: str, room: str, seq: int) -> dict[str, Any]:
    """A good command, so that only the person who sends it can be refused."""
    fields: dict[str, dict[str, Any]] = {
        "subscribe": {"rooms": [{"room": room}]},
        "unsubscribe": {"rooms": [room]},
        "message.send": {"room": room, "client_id": "m", "body": "hello"},
        "direct.send": {"to": "load-2", "client_id": room, "body": "hello"},
        "message.edit": {"room": room, "seq": seq, "body": "changed"},
        "message.delete": {"room": room, "seq": seq},
        "reaction.add": {"room": room, "seq": seq, "emoji": "👍"},
        "reaction.remove": {"room": room, "seq": seq, "emoji": "👍"},
        "history": {"room": room},
        "read.mark": {"room": room, "seq": seq},
        "room.join": {"room": room},
        "room.leave": {"room": room},
        "auth.refresh": {},
        "ping": {},
    }
    return {"type": kind, **fields[kind]}


def test_every_command_is_in_the_table() -> None:
    kinds = {kind.__struct_config__.tag for kind in get_args(Asking)}
    assert set(TABLE) == kinds
    assert {len(row.split()) for row in TABLE.values()} == {len(ROLES)}


@pytest.mark.parametrize("kind", TABLE)
async def test_each_person_is_answered_as_the_table_says(
    world: World, kind: str
) -> None:
    found = []
    for role in ROLES:
        room = world.new_room(f"{kind}-{role}", guests_may_read=role == "visitor")
        body = {"client_id": "1", "body": "hello"}
        sent = world.call("owner", "POST", f"rooms/{room}/messages", body)
        async with chatting(world.process.socket_url(world.tokens[role])) as socket:
            wanted = command(kind, room, sent["seq"])
            if kind == "auth.refresh":
                wanted["token"] = world.tokens[role]
            found.append(await _outcome(socket, wanted))
    expected = [WORDS.get(word, word) for word in TABLE[kind].split()]
    assert dict(zip(ROLES, found, strict=True)) == dict(
        zip(ROLES, expected, strict=True)
    )


async def _outcome(socket: Socket, wanted: dict[str, Any]) -> str:
    answer = await socket.ask(**wanted)
    if answer["type"] == "error":
        return str(answer["code"])
    [room] = answer.get("rooms", [{}])
    return str(room["error"]["code"]) if "error" in room else "ok"
