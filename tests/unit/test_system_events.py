"""System events: what each type does, and that everything that lists them has them all.

The union in chat/payloads/system_events.py is the one list. The two contract files, the
TypeScript client and the page are compared with it.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest
import yaml
from django.conf import settings
from msgspec import UNSET, UnsetType

from accounts.models import User
from chat.actions.rooms import update_room
from chat.events import encode
from chat.log.append import say
from chat.models import Message, Room
from chat.payloads import system_events
from chat.payloads.rooms import RoomPayload
from chat.payloads.system_events import (
    GUESTS,
    SystemEvent,
    SystemMemberBanned,
    SystemMemberJoined,
    SystemMemberLeft,
    SystemMemberMuted,
    SystemMemberRemoved,
    SystemMemberRoleChanged,
    SystemRoomAvatarChanged,
    SystemRoomCreated,
    SystemRoomRenamed,
    SystemRoomSettingsChanged,
    from_column,
    to_column,
)
from chat.queries.messages import history
from core.bus.envelopes import Envelope
from tests.people import acting

from .envelopes import leavers

ROOT: Path = settings.BASE_DIR
CLIENT = ROOT / "frontend/packages/client/src/types.ts"
PAGE = ROOT / "frontend/apps/web/src/features/room/Notice.tsx"
TYPES = {event.__struct_config__.tag: event for event in get_args(SystemEvent)}
MUTED_UNTIL = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)

# Each as it was stored and sent when events were dicts.
STORED: list[tuple[SystemEvent, str]] = [
    (SystemRoomCreated(), '{"type":"room.created"}'),
    (SystemRoomRenamed("lobby"), '{"type":"room.renamed","name":"lobby"}'),
    (
        SystemRoomAvatarChanged(color="#0b7285"),
        '{"type":"room.avatar_changed","color":"#0b7285"}',
    ),
    (
        SystemRoomAvatarChanged(avatar=None),
        '{"type":"room.avatar_changed","avatar":null}',
    ),
    (
        SystemRoomSettingsChanged(notices=False, slow_mode_seconds=5),
        '{"type":"room.settings_changed","notices":false,"slow_mode_seconds":5}',
    ),
    (
        SystemRoomSettingsChanged(retention_days=None),
        '{"type":"room.settings_changed","retention_days":null}',
    ),
    (
        SystemMemberJoined("1", invited_by="2", quiet=True),
        '{"type":"member.joined","user":"1","invited_by":"2","quiet":true}',
    ),
    (SystemMemberLeft("1"), '{"type":"member.left","user":"1"}'),
    (
        SystemMemberRoleChanged("1", "owner"),
        '{"type":"member.role_changed","user":"1","role":"owner"}',
    ),
    (
        SystemMemberMuted("1", MUTED_UNTIL),
        '{"type":"member.muted","user":"1","until":"2026-01-02T03:04:05.678901Z"}',
    ),
]


# --- What they are -------------------------------------------------------------------


@pytest.mark.parametrize(("event", "json"), STORED)
def test_an_event_is_sent_and_stored_as_it_was_when_it_was_a_dict(
    event: SystemEvent, json: str
) -> None:
    assert encode(event) == json
    assert msgspec.json.encode(to_column(event)).decode() == json
    assert from_column(msgspec.json.decode(json)) == event


def test_a_stored_event_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"room\.painted"):
        from_column({"type": "room.painted"})


def test_only_what_ends_reading_evicts_somebody() -> None:
    evicting = {
        SystemMemberLeft("1"): "1",
        SystemMemberRemoved("1"): "1",
        SystemMemberBanned("1"): "1",
        SystemRoomSettingsChanged(guests_may_read=False): GUESTS,
    }
    assert {event: event.evicts() for event in evicting} == evicting
    others = [
        *(event for event, _ in STORED if not isinstance(event, SystemMemberLeft)),
        SystemRoomSettingsChanged(guests_may_read=True),
    ]
    assert {event.evicts() for event in others} == {None}


def test_only_joining_and_leaving_can_be_hidden() -> None:
    hideable = {
        type(event) for event, _ in STORED if getattr(event.hidden(), "quiet", UNSET)
    }
    assert hideable == {SystemMemberJoined, SystemMemberLeft}


# --- `say` ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_say_writes_the_event_at_the_next_number(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    stored = Room.objects.get(pk=room.id)
    event = SystemMemberLeft(str(bob.pk))
    say(stored, event, by=bob)
    assert stored.head_seq == Room.objects.get(pk=room.id).head_seq == 3
    [*_, last] = history(acting(bob), room.id).messages
    assert (last.seq, last.rev, last.kind, last.body) == (3, 3, "system", "")
    assert last.event == event
    assert last.sender is not None
    assert last.sender.id == str(bob.pk)
    assert leavers(published)[-1] == (3, str(bob.pk))


def test_say_hides_comings_and_goings_where_the_room_wants_no_notices(
    alice: User, bob: User, room: RoomPayload
) -> None:
    update_room(acting(alice), room.id, {"notices": False})
    stored = Room.objects.get(pk=room.id)
    for event in (SystemMemberLeft("1"), SystemMemberRemoved("1")):
        say(stored, event, by=bob)
    left, removed = Message.objects.filter(room_id=room.id, seq__gt=3).order_by("seq")
    assert left.event == {"type": "member.left", "user": "1", "quiet": True}
    assert removed.event == {"type": "member.removed", "user": "1"}


# --- Who lists them ------------------------------------------------------------------


def test_every_type_of_the_module_is_in_the_union() -> None:
    defined = {
        value
        for name, value in vars(system_events).items()
        if isinstance(value, type) and name.startswith("System")
    }
    assert defined == set(TYPES.values())


@pytest.mark.parametrize("file", ["openapi.yaml", "asyncapi.yaml"])
def test_the_contract_files_name_every_type_with_its_fields(file: str) -> None:
    schemas = yaml.safe_load((ROOT / file).read_text())["components"]["schemas"]
    choices = schemas["MessagePayload"]["properties"]["event"]["anyOf"]
    described = {}
    for choice in choices:
        schema = schemas[choice["$ref"].rpartition("/")[2]]
        [tag] = schema["properties"]["type"]["enum"]
        described[tag] = {
            name: name in schema["required"]
            for name in schema["properties"]
            if name != "type"
        }
    assert described == {
        tag: {field.name: field.required for field in msgspec.structs.fields(event)}
        for tag, event in TYPES.items()
    }


def test_the_client_has_every_type_with_its_fields() -> None:
    union = re.search(
        r"export type SystemEvent =(.*?});\n\n", CLIENT.read_text(), re.DOTALL
    )
    assert union
    members = re.findall(r'\{\s*type: "([a-z_.]+)";?(.*?)\}', union[1], re.DOTALL)
    written = {tag: set(re.findall(r"\w+\??: [^;]+", rest)) for tag, rest in members}
    assert {tag: {one.strip() for one in rest} for tag, rest in written.items()} == {
        tag: _in_typescript(event) for tag, event in TYPES.items()
    }


def test_the_page_has_a_text_for_every_type() -> None:
    table = re.search(r"const verbs\b.*?\{(.*?)\};", PAGE.read_text(), re.DOTALL)
    assert table
    texts = dict(re.findall(r'"([a-z_.]+)": "([^"]+)"', table[1]))
    assert texts.keys() == TYPES.keys()


def test_the_protocol_page_lists_every_type_with_its_fields() -> None:
    page = (ROOT / "docs/protocol.md").read_text()
    table = page.partition("| `type` | Fields |")[2].partition("\n\n")[0]
    listed = {}
    for row in table.splitlines()[2:]:
        _, types, fields, _ = row.split("|")
        for tag in re.findall(r"`([a-z_.]+)`", types):
            listed[tag] = re.findall(r"`(\w+\??)`", fields.partition(":")[0])
    assert listed == {
        tag: [
            field.name if field.required else f"{field.name}?"
            for field in msgspec.structs.fields(event)
        ]
        for tag, event in TYPES.items()
    }


def _in_typescript(event: type[msgspec.Struct]) -> set[str]:
    """The fields of a type as the client has to write them."""
    hints = get_type_hints(event, include_extras=True)
    return {
        f"{name}{'?' if UnsetType in get_args(hint) else ''}: {_type(hint)}"
        for name, hint in hints.items()
        if name in event.__struct_fields__
    }


def _type(hint: Any) -> str:
    names = {str: "string", bool: "boolean", int: "number", NoneType: "null"}
    if get_origin(hint) is Annotated:
        return "string"  # a time
    if get_origin(hint) is Literal:
        return "Role"
    if isinstance(hint, UnionType) or UnsetType in get_args(hint):
        parts = [one for one in get_args(hint) if one is not UnsetType]
        return " | ".join(_type(one) for one in parts)
    return names[hint]
