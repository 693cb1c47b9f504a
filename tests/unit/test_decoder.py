"""The decoder: every command is decoded, every other frame is refused with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.queries.catching_up import Resume
from core.limits.table import LIMITS
from realtime.protocol import commands
from realtime.protocol.commands import RoomCursor
from realtime.protocol.decoder import BadCommand, decode

from .good_commands import GOOD


def refusal(text: str) -> tuple[str, int | None, set[str]]:
    """Code, `ref` and the names of the fields that are wrong."""
    with pytest.raises(BadCommand) as refused:
        decode(text)
    bad = refused.value
    return bad.refusal.code, bad.ref, set(bad.refusal.fields or {})


@pytest.mark.parametrize(("frame", "command"), GOOD)
def test_every_command_is_decoded(
    frame: dict[str, Any], command: commands.Command
) -> None:
    assert decode(json.dumps(frame)) == command


def test_the_table_has_every_command() -> None:
    tried = {type(command) for _, command in GOOD}
    assert tried == set(commands.Command.__args__)


def test_null_stands_for_a_missing_optional_field() -> None:
    cursor = '{"room":"a","after":null,"epoch":null}'
    command = decode(f'{{"type":"subscribe","ref":1,"rooms":[{cursor}]}}')
    assert command == commands.Subscribe(1, [RoomCursor("a")])
    assert RoomCursor("a", 7, "e").resume() == Resume("a", 7, "e")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "hello",
        '{"type":"ping","ref":1}}',
        '{"type":"ping","ref":1} {}',
        "{'type':'ping','ref':1}",
        '{"type":"ping","ref":NaN}',
        '{"type":"ping","ref":Infinity}',
        '{"type":"history","ref":1,"room":"\\ud800"}',
        '{"type":"history","ref":1,"room":"\ud800"}',
        '{"type":"history","ref":1,"room":"\n"}',
        "[]",
        "[1]",
        "null",
        "true",
        "1",
        '"ping"',
        "[" * 10_000,
        "[" * 10_000 + "]" * 10_000,
    ],
)
def test_a_text_that_is_no_json_object_is_a_bad_frame(text: str) -> None:
    assert refusal(text) == ("bad_frame", None, set())


@pytest.mark.parametrize(
    "kind", ["", "PING", "ping ", "message.explode", "__class__", "disconnect", "hub"]
)
def test_an_unknown_command_is_refused_with_its_ref(kind: str) -> None:
    frame = json.dumps({"type": kind, "ref": 7})
    assert refusal(frame) == ("unknown_command", 7, set())


@pytest.mark.parametrize(
    ("text", "ref", "field"),
    [
        ('{"ref":1}', 1, "frame"),
        ("{}", None, "frame"),
        ('{"type":null,"ref":1}', 1, "type"),
        ('{"type":1,"ref":1}', None, "type"),
        ('{"type":["ping"],"ref":1}', None, "type"),
        ('{"type":"ping"}', None, "frame"),
        ('{"type":"ping","ref":null}', None, "ref"),
        ('{"type":"ping","ref":"1"}', None, "ref"),
        ('{"type":"ping","ref":true}', None, "ref"),
        ('{"type":"ping","ref":1.5}', None, "ref"),
        ('{"type":"ping","ref":-1}', -1, "ref"),
        ('{"type":"ping","ref":9007199254740992}', 2**53, "ref"),
        ('{"type":"ping","ref":1,"admin":true}', 1, "frame"),
        ('{"type":"history","ref":1}', 1, "frame"),
        ('{"type":"history","ref":1,"room":7}', 1, "room"),
        ('{"type":"history","ref":1,"room":"a","limit":0}', 1, "limit"),
        ('{"type":"history","ref":1,"room":"a","limit":101}', 1, "limit"),
        ('{"type":"history","ref":1,"room":"a","before":-1}', 1, "before"),
        ('{"type":"history","ref":1,"room":"a","after":"2"}', 1, "after"),
        ('{"type":"subscribe","ref":1,"rooms":[]}', 1, "rooms"),
        ('{"type":"subscribe","ref":1,"rooms":["a"]}', 1, "rooms[0]"),
        ('{"type":"subscribe","ref":1,"rooms":[{}]}', 1, "rooms[0]"),
        ('{"type":"subscribe","ref":1,"rooms":[{"room":1}]}', 1, "rooms[0].room"),
        ('{"type":"unsubscribe","ref":1,"rooms":"a"}', 1, "rooms"),
        ('{"type":"message.send","ref":1,"room":"a","body":"x"}', 1, "frame"),
        (
            '{"type":"message.send","ref":1,"room":"a","client_id":"c","body":null}',
            1,
            "body",
        ),
        ('{"type":"pong","n":"1"}', None, "n"),
    ],
)
def test_a_refusal_names_the_wrong_field(
    text: str, ref: int | None, field: str
) -> None:
    assert refusal(text) == ("invalid", ref, {field})


@pytest.mark.parametrize("room", ["x" * 65, "🌊" * 65])
def test_a_room_longer_than_an_id_is_refused(room: str) -> None:
    frame = json.dumps({"type": "room.join", "ref": 1, "room": room})
    assert refusal(frame) == ("invalid", 1, {"room"})


def test_one_room_too_many_in_a_subscribe_is_refused() -> None:
    def frame(count: int) -> str:
        rooms = [{"room": f"{n}"} for n in range(count)]
        return json.dumps({"type": "subscribe", "ref": 1, "rooms": rooms})

    command = decode(frame(LIMITS.rooms_per_subscribe))
    assert isinstance(command, commands.Subscribe)
    assert len(command.rooms) == LIMITS.rooms_per_subscribe
    assert refusal(frame(LIMITS.rooms_per_subscribe + 1)) == ("invalid", 1, {"rooms"})


def test_a_frame_is_measured_in_bytes_and_a_longer_one_is_refused() -> None:
    def frame(body: str) -> str:
        fields = {"type": "message.send", "ref": 1, "room": "", "client_id": ""}
        return json.dumps({**fields, "body": body}, ensure_ascii=False)

    room = LIMITS.frame_bytes - len(frame("").encode())
    command = decode(frame("x" * room))
    assert isinstance(command, commands.MessageSend)
    assert len(command.body) == room
    assert refusal(frame("x" * (room + 1))) == ("too_long", None, set())
    assert refusal(frame("🌊" * (room // 4 + 1))) == ("too_long", None, set())


def test_deep_nesting_in_an_unknown_field_is_refused() -> None:
    deep = "[" * 10_000 + "]" * 10_000
    code, _, _ = refusal(f'{{"type":"ping","ref":1,"x":{deep}}}')
    assert code in {"bad_frame", "invalid"}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
TYPES = st.sampled_from([str(frame["type"]) for frame, _ in GOOD]) | ANY_JSON
NAMES = st.sampled_from(
    ["ref", "rooms", "room", "client_id", "body", "reply_to", "limit", "after", "n"]
)


def is_decoded_or_refused(text: str) -> bool:
    try:
        decode(text)
    except BadCommand as bad:
        return bad.refusal.code in {
            "bad_frame",
            "unknown_command",
            "invalid",
            "too_long",
        }
    return True


@given(text=st.text(alphabet=st.characters()))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    assert is_decoded_or_refused(text)


@given(value=ANY_JSON)
def test_any_json_is_decoded_or_refused(value: object) -> None:
    assert is_decoded_or_refused(json.dumps(value))


@given(kind=TYPES, fields=st.dictionaries(NAMES, ANY_JSON, max_size=5))
def test_any_fields_are_decoded_or_refused(
    kind: object, fields: dict[str, object]
) -> None:
    assert is_decoded_or_refused(json.dumps({"type": kind, **fields}))
