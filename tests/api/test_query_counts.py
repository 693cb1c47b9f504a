"""Every list of the API takes as many queries for twelve rows as for two."""

import pytest
import yaml
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.models import User
from chat.actions.attachments import add_attachment
from chat.actions.bans import ban
from chat.actions.blocks import block
from chat.actions.direct import open_direct
from chat.actions.invitations import invite_person, make_link
from chat.actions.memberships import join_room
from chat.actions.messages import send_message
from chat.actions.pins import pin_message
from chat.actions.reactions import add_reaction
from chat.actions.rooms import create_room
from chat.payloads.rooms import RoomPayload
from tests.people import acting, person

from .door import Door

QUERIES = {
    "directory": 4,
    "me/blocks": 2,
    "me/invitations": 2,
    "me/sessions": 2,
    "rooms": 3,
    "rooms/{room_id}/bans": 3,
    "rooms/{room_id}/invitations": 3,
    "rooms/{room_id}/members": 3,
    "rooms/{room_id}/messages": 3,
    "search": 5,
    "users": 2,
}
# The query that a list needs.
QUERY = {"search": "?q=hello", "users": "?search=p"}


def test_every_list_is_in_the_table() -> None:
    document = yaml.safe_load((settings.BASE_DIR / "openapi.yaml").read_text())
    lists = {
        path.removeprefix("/api/v1/")
        for path, methods in document["paths"].items()
        if methods.get("get", {}).get("operationId", "").startswith(("list_", "search"))
    }
    assert lists == set(QUERIES)


@pytest.mark.parametrize("path", QUERIES)
def test_queries_do_not_grow_with_the_rows(
    path: str, as_alice: Door, alice: User, room: RoomPayload
) -> None:
    url = path.format(room_id=room.id) + QUERY.get(path, "")
    _add_rows(alice, room, range(2))
    few, of_few = _read(as_alice, url)
    _add_rows(alice, room, range(2, 12))
    many, of_many = _read(as_alice, url)
    assert len(many) >= len(few) + 10
    assert (of_few, of_many) == (QUERIES[path], QUERIES[path])


def _read(door: Door, url: str) -> tuple[list[object], int]:
    """The rows of the answer, and how many queries they took."""
    with CaptureQueriesContext(connection) as queries:
        answer = door.get(url)
    assert answer.status == 200, answer.content
    [rows] = [value for value in answer.json().values() if isinstance(value, list)]
    return rows, len(queries)


def _add_rows(alice: User, room: RoomPayload, numbers: range) -> None:
    """One of everything that a list may show, and of what hangs on it."""
    for number in numbers:
        somebody, banned, blocked, host = (
            person(f"p-{kind}-{number}") for kind in ("member", "banned", "foe", "host")
        )
        join_room(acting(somebody), room.id)
        join_room(acting(banned), room.id)
        ban(acting(alice), room.id, str(banned.pk))
        block(acting(alice), str(blocked.pk))
        open_direct(acting(alice), somebody.username)
        create_room(acting(alice), name=f"room-{number}")
        invite_person(
            acting(host), create_room(acting(host), name=f"den-{number}").id, "alice"
        )
        make_link(acting(alice), room.id, expires_in=3600, max_uses=1)
        tokens.start_session(alice)
        _talk(alice, somebody, room.id, str(number))


def _talk(alice: User, other: User, room: str, client_id: str) -> None:
    file = add_attachment(acting(other), room, ContentFile(b"text", "notes.txt")).id
    first = send_message(
        acting(other),
        room,
        client_id=client_id,
        body="hello @alice",
        attachments=[file],
    ).message
    send_message(
        acting(other),
        room,
        client_id=f"{client_id}-2",
        body="hello",
        reply_to=first.seq,
    )
    add_reaction(acting(alice), room, first.seq, emoji="👍")
    pin_message(acting(alice), room, first.seq, pinned=True)
