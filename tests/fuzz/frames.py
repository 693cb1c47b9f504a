"""Frames that a broken or a hostile client might send, made from asyncapi.yaml.

Most are nearly right, because those get further into the server than noise.
"""

import json
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from tests.frames import Json, document

# Texts that are hard on parsers, on databases and on code that counts characters.
_TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "\0",
            "\x1b[2J",
            "\u202egnirts",
            "\U0001d54f" * 40,
            "e\u0301" * 30,
            "@room @alice /me",
        ]
    ),
    st.sampled_from(["/pm alice hi", "/pm", "//", "null", "__proto__", "%s%n", "';--"]),
    st.text(max_size=60),
    st.integers(1, 5_000).map(lambda length: "x" * length),
)
_NUMBERS = st.one_of(
    st.integers(0, 60),
    st.sampled_from([-1, 0, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 10**30]),
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        _NUMBERS,
        st.floats(allow_nan=False, allow_infinity=False),
        _TEXTS,
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner)
    ),
    max_leaves=6,
)


def frames(rooms: list[str]) -> st.SearchStrategy[str | bytes]:
    """Frames to send. `rooms` are the ids that some of them name."""
    commands = st.sampled_from(_command_schemas()).flatmap(
        lambda schema: _object(schema, rooms)
    )
    broken = st.builds(_broken, commands, _TEXTS, _VALUES)
    texts = _mostly(commands, broken | _VALUES).map(json.dumps)
    cut = st.builds(lambda text, at: text[:at], texts, st.integers(0, 80))
    # websockets, the client of these tests, cannot send a lone surrogate.
    noise = st.one_of(cut, _TEXTS, st.binary(max_size=80)).filter(_is_sendable)
    return _mostly(texts, noise)


def _mostly(
    usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """`usual` nine times in ten. `one_of` would count the same strategy only once."""
    return st.integers(0, 9).flatmap(lambda n: other if n == 0 else usual)


def _broken(command: Json, field: str, value: Any) -> Json:
    """The command with one field more, or with another value in one field."""
    fields = [*command, field]
    return {**command, fields[len(str(value)) % len(fields)]: value}


def _command_schemas() -> list[Json]:
    schemas = document()["components"]["schemas"]
    return [schema for name, schema in schemas.items() if name.endswith("Command")]


def _object(schema: Json, rooms: list[str]) -> st.SearchStrategy[Json]:
    fields = {
        name: _field(name, field, rooms) for name, field in schema["properties"].items()
    }
    required = {name: fields.pop(name) for name in schema["required"]}
    return st.fixed_dictionaries(required, optional=fields)


def _field(name: str, schema: Json, rooms: list[str]) -> st.SearchStrategy[Any]:
    """Mostly a valid value, so that the command gets as far as the database."""
    if "$ref" in schema:
        target = schema["$ref"].rpartition("/")[2]
        return _object(document()["components"]["schemas"][target], rooms)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([_field(name, choice, rooms) for choice in schema["anyOf"]])
    if schema.get("type") == "array":
        return st.lists(_field(name, schema["items"], rooms), min_size=1, max_size=3)
    if schema.get("type") == "null":
        return st.none()
    good = _good(name, schema, rooms)
    return _mostly(good, _noise(schema))


def _good(name: str, schema: Json, rooms: list[str]) -> st.SearchStrategy[Any]:
    if name in {"room", "rooms"}:
        return st.sampled_from(rooms)
    if name == "client_id":
        return st.integers(0, 200).map(str)
    if name == "body":
        return _TEXTS
    if schema.get("type") == "integer":
        return st.integers(schema.get("minimum", 0), schema.get("maximum", 60) % 61)
    return st.sampled_from(schema.get("examples", ["load-1"]))


def _noise(schema: Json) -> st.SearchStrategy[Any]:
    return {"integer": _NUMBERS, "string": _TEXTS}.get(schema.get("type", ""), _VALUES)


def _is_sendable(frame: str | bytes) -> bool:
    with suppress(UnicodeEncodeError):
        return isinstance(frame, bytes) or frame.encode() is not None
    return False
