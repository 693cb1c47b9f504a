"""`asyncapi.yaml`: the socket's protocol, as the msgspec types say it.

The one rule: nothing is listed here. Commands, replies, events and codes are found in
their modules, so that what is added there is described at once. A message has the name
of its class, because all replies share one `type`; a command's ends in `Command`,
because both sides have a `ping`.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args

import msgspec
import yaml

import accounts.errors
import chat.errors
import chat.events
from accounts.errors import Refusal
from chat.limits import LIMITS

from . import frames
from .close_codes import CloseCode
from .commands import Asking, Command
from .handlers import HANDLERS
from .middleware import SUBPROTOCOL

Json = dict[str, Any]
Struct = type[msgspec.Struct]

_SCHEMAS = "#/components/schemas/"
_MESSAGES = "#/components/messages/"
_CHANNEL = "#/channels/socket"


def document() -> Json:
    """The whole of it, in the order in which it is read."""
    schemas = _merged(_command_schemas(), _sent_schemas())
    messages = {_name(cls): _message(cls, schemas) for cls in _types()}
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {"socket": _channel(messages)},
        "operations": dict(_operations()),
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": _security_schemes(),
        },
        "x-error-codes": _error_codes(),
        "x-close-codes": _close_codes(),
    }


def as_yaml() -> str:
    return yaml.dump(
        document(),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
    )


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """What comes twice is written twice: people read this file."""
        return True


# --- What there is --------------------------------------------------------------------


def _types() -> list[Struct]:
    return [*commands(), *sent()]


def commands() -> list[Struct]:
    """What a client may send."""
    return list(get_args(Command))


def sent() -> list[Struct]:
    """What the server sends: hello, replies and the like, then the events."""
    return [*_tagged(frames), *_tagged(chat.events)]


def replies() -> list[Struct]:
    return [cls for cls in _tagged(frames) if _type(cls) == "reply"]


def refusals() -> list[type[Refusal]]:
    """One for each code. Without a code of its own one is, to clients, its parent."""
    found: dict[str, type[Refusal]] = {}
    for module in (accounts.errors, chat.errors):
        for cls in _classes(module):
            if issubclass(cls, Refusal) and cls is not Refusal:
                found.setdefault(cls.code, cls)
    return list(found.values())


def _tagged(module: ModuleType) -> list[Struct]:
    return [
        cls
        for cls in _classes(module)
        if issubclass(cls, msgspec.Struct) and cls.__struct_config__.tag is not None
    ]


def _classes(module: ModuleType) -> Iterator[type]:
    """Those that were made in this module, in their order."""
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield value


def _name(cls: Struct) -> str:
    is_command = cls in get_args(Command)
    return f"{cls.__name__}Command" if is_command else cls.__name__


def _type(cls: Struct) -> str:
    """Its `type` on the wire."""
    return str(cls.__struct_config__.tag)


def _kind(cls: Struct) -> str:
    if cls in get_args(Command):
        return "command"
    if _type(cls) == "reply":
        return "reply"
    return "connection" if cls.__module__ == frames.__name__ else "event"


# --- Schemas --------------------------------------------------------------------------


def _command_schemas() -> Json:
    found = _components(commands())
    for cls in commands():
        schema = found.pop(cls.__name__)
        found[_name(cls)] = schema | {"title": _name(cls)}
    return found


def _sent_schemas() -> Json:
    """A default is for who makes a frame. The server writes every field that has one,
    so to clients it is a field that is always there."""
    found = _components(sent())
    for schema in found.values():
        fields = schema.get("properties", {})
        always = {name for name in fields if "default" in fields[name]}
        always |= set(schema.get("required", ()))
        schema["required"] = [name for name in fields if name in always]
    return found


def _components(types: list[Struct]) -> Json:
    _, found = msgspec.json.schema_components(types, ref_template=_SCHEMAS + "{name}")
    return {name: _tidy(schema) for name, schema in sorted(found.items())}


def _merged(left: Json, right: Json) -> Json:
    for name in left.keys() & right.keys():
        if left[name] != right[name]:
            raise ValueError(f"two different shapes are named {name}")
    return left | right


def _tidy(node: Any) -> Any:
    """Without what only Python sees: line ends, and `Raw` beside what it encodes."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _tidy(value) for key, value in node.items()}
    if isinstance(node.get("description"), str):
        node["description"] = _flat(node["description"])
    choices = [choice for choice in node.get("anyOf", ()) if choice != {}]
    if len(choices) == 1:
        del node["anyOf"]
        return choices[0] | node
    return node | {"anyOf": choices} if choices else node


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())


# --- Messages -------------------------------------------------------------------------


def _message(cls: Struct, schemas: Json) -> Json:
    name = _name(cls)
    message: Json = {"name": _type(cls), "title": name}
    if cls.__doc__:
        message["description"] = _flat(cls.__doc__)
    message["tags"] = [{"name": _kind(cls)}]
    if "ref" in cls.__struct_fields__:
        message["correlationId"] = {"location": "$message.payload#/ref"}
    message["payload"] = {"$ref": _SCHEMAS + name}
    message["examples"] = [{"payload": _Examples(schemas).of(schemas[name])}]
    return message


# Fields that need more than any value of their type.
_ID = "01a1fb27-fbe3-75d0-bbaf-1403da6a7a17"
_SAMPLES: Json = {
    "id": _ID,
    "room": "01a1fb27-fd0a-71fd-82c3-fff019bd9000",
    "rooms": "01a1fb27-fd0a-71fd-82c3-fff019bd9000",
    "to": "bob",
    "users": _ID,
    "mentions": _ID,
    "online": _ID,
    "username": "alice",
    "display_name": "Alice",
    "client_id": "9f1c2e7a-0d0c-4b5e-9a55-3c1f0b7f2a10",
    "body": "Is the build green?",
    "emoji": "👍",
    "epoch": "dc7eb858",
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


class _Examples:
    """Makes a value that a schema allows, as usual as its fields' names permit."""

    def __init__(self, schemas: Json) -> None:
        self._schemas = schemas

    def of(self, schema: Json, field: str = "") -> Any:
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].removeprefix(_SCHEMAS)], field)
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


# --- The document's other parts -------------------------------------------------------


def _info() -> Json:
    return {
        "title": "Hubbub: the socket",
        "version": f"{frames.PROTOCOL}.0.0",
        "description": (
            "One WebSocket per client carries all of its rooms. One JSON object in one"
            f" text frame, to the server at most {LIMITS.frame_bytes} bytes. A command"
            " gets one reply or one error, with its `ref`. An unknown field in a"
            " command is an error; in what the server sends, ignore fields and events"
            " that you do not know. docs/protocol.md says the rest, openapi.yaml"
            " describes the REST API."
        ),
        "license": {"name": "MIT"},
    }


def _servers() -> Json:
    security = [
        {"$ref": f"#/components/securitySchemes/{name}"} for name in _security_schemes()
    ]
    where = "The socket is at `/ws/v1`. Send one token, in one of three places."
    return {
        "local": {
            "host": "localhost:8000",
            "protocol": "ws",
            "description": f"`make run`. {where}",
            "security": security,
        },
        "yours": {
            "host": "{host}",
            "protocol": "wss",
            "description": f"Your own. {where}",
            "variables": {"host": {"default": "chat.example.org"}},
            "security": security,
        },
    }


def _security_schemes() -> Json:
    return {
        "query": {
            "type": "httpApiKey",
            "in": "query",
            "name": "token",
            "description": (
                "A ticket (`POST /api/v1/auth/ticket`), or an access token unless the"
                " server wants tickets here. For browsers."
            ),
        },
        "header": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token or a ticket. For bots and mobile apps.",
        },
        "subprotocol": {
            "type": "httpApiKey",
            "in": "header",
            "name": "Sec-WebSocket-Protocol",
            "description": (
                f"`{SUBPROTOCOL}, hubbub.token.<token>`, with an access token or a"
                f" ticket; answered with `{SUBPROTOCOL}`. For browsers."
            ),
        },
    }


def _channel(messages: Json) -> Json:
    token = {"type": "string", "description": "A ticket or an access token."}
    return {
        "address": "/ws/v1",
        "description": (
            "The first frame is `hello`, the last that the server can write is `bye`,"
            " then comes the close with the same code. 4000-4499: reconnect."
            " 4500-4999: stop. A token that is refused gets `bye` alone."
        ),
        "messages": {name: {"$ref": _MESSAGES + name} for name in messages},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {"type": "object", "properties": {"token": token}},
                "bindingVersion": "0.1.0",
            }
        },
    }


def _operations() -> Iterator[tuple[str, Json]]:
    """As the server sees it: it receives commands and sends the rest."""
    for cls in commands():
        operation = _operation("receive", cls)
        if cls in get_args(Asking):
            answers: list[Struct] = [*_answers(cls), frames.Error]
            operation["reply"] = {
                "channel": {"$ref": _CHANNEL},
                "messages": [_in_channel(answer) for answer in answers],
            }
        yield f"receive{cls.__name__}", operation
    for cls in sent():
        if cls not in replies():
            yield f"send{cls.__name__}", _operation("send", cls)


def _operation(action: str, cls: Struct) -> Json:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "summary": f"`{_type(cls)}`",
        "messages": [_in_channel(cls)],
    }


def _in_channel(cls: Struct) -> Json:
    return {"$ref": f"{_CHANNEL}/messages/{_name(cls)}"}


def _answers(command: Any) -> list[Struct]:
    """The replies that the command's handler makes: those that its code names.

    All of them when it names none, as when a function of its own answers for it.
    """
    named = HANDLERS[command].__code__.co_names
    return [cls for cls in replies() if cls.__name__ in named] or replies()


def _error_codes() -> list[Json]:
    return [_error_code(cls) for cls in refusals()]


def _error_code(cls: type[Refusal]) -> Json:
    row: Json = {"code": cls.code, "status": cls.status, "detail": cls.detail}
    return row | ({"description": _flat(cls.__doc__)} if cls.__doc__ else {})


def _close_codes() -> list[Json]:
    return [
        {"code": int(code), "reason": code.reason, "reconnect": code.reconnect}
        for code in CloseCode
    ]
