"""Values that a schema allows, for people to read."""

from typing import Any

import chat.errors

from ..close_codes import CloseCode
from .surface import SCHEMAS, Json

# Fields that need more than any value of their type.
_ID = "01a1fb27-fbe3-75d0-bbaf-1403da6a7a17"
_SAMPLES: Json = {
    "id": _ID,
    "room": "01a1fb27-fd0a-71fd-82c3-fff019bd9000",
    "rooms": "01a1fb27-fd0a-71fd-82c3-fff019bd9000",
    "to": "bob",
    "users": _ID,
    "mentions": _ID,
    "blocked": _ID,
    "online": _ID,
    "username": "alice",
    "display_name": "Alice",
    "client_id": "9f1c2e7a-0d0c-4b5e-9a55-3c1f0b7f2a10",
    "body": "Is the build green?",
    "emoji": "👍",
    "epoch": "dc7eb858",
    "status": "On holiday",
    "name": "general",
    "topic": "Everything else",
    "connection": "25cb33f4029fe8b8",
    "token": "<access token>",
    "detail": chat.errors.RoomNotFound.detail,
    "code": (chat.errors.RoomNotFound.code, int(CloseCode.SHUTTING_DOWN)),
    "reason": CloseCode.SHUTTING_DOWN.reason,
    "seq": 1042,
    "rev": 1042,
    "head_seq": 1042,
    "read_seq": 1042,
    "after": 1040,
    "kind": "user",
    "level": "normal",
    "is_bot": False,
}
# May be null, but seldom are.
_GIVEN = {"sender", "client_id", "role", "ref", "recovered"}
# May be missing, and mostly are.
_RARE = {"error", "event", "fields", "retry_after"}
_BY_TYPE: Json = {"string": "text", "integer": 1, "number": 1.0, "boolean": True}


class Examples:
    """Makes a value that a schema allows, as usual as its fields' names permit."""

    def __init__(self, schemas: Json) -> None:
        self._schemas = schemas

    def of(self, schema: Json, field: str = "") -> Any:
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].removeprefix(SCHEMAS)], field)
        if "anyOf" in schema:
            return self._choice(schema["anyOf"], field)
        if "enum" in schema:
            return self._member(schema, field)
        if schema.get("type") == "array":
            return [self.of(schema["items"], field)]
        if schema.get("type") == "object":
            return self._object(schema)
        return self._scalar(schema, field)

    def _choice(self, choices: list[Json], field: str) -> Any:
        if {"type": "null"} in choices and field not in _GIVEN:
            return None
        return self.of(choices[0], field)

    def _member(self, schema: Json, field: str) -> Any:
        wanted = schema.get("default", _SAMPLES.get(field))
        return wanted if wanted in schema["enum"] else schema["enum"][-1]

    def _object(self, schema: Json) -> Json:
        """A command with what it needs; a frame with all that it mostly has."""
        is_closed = schema.get("additionalProperties") is False
        rare = schema.get("properties", {}).keys() if is_closed else _RARE
        return {
            name: self.of(field, name)
            for name, field in schema.get("properties", {}).items()
            if name in schema.get("required", ()) or name not in rare
        }

    def _scalar(self, schema: Json, field: str) -> Any:
        if schema.get("format") == "date-time":
            return "2026-11-20T22:51:05.666342Z"
        usual = _BY_TYPE[schema["type"]]
        if "default" in schema:
            return schema["default"]
        samples = _SAMPLES.get(field, usual)
        for sample in samples if isinstance(samples, tuple) else (samples,):
            if type(sample) is type(usual):
                return sample
        return usual
