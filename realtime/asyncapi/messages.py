"""The messages, and which of them answer which."""

from collections.abc import Iterator
from typing import Any, get_args

from ..handlers import HANDLERS
from ..protocol import frames
from ..protocol.commands import Asking
from .examples import Examples
from .schemas import flat
from .surface import (
    SCHEMAS,
    Json,
    Struct,
    commands,
    kind_of,
    name_of,
    replies,
    sent,
    type_of,
)

MESSAGES = "#/components/messages/"
CHANNEL = "#/channels/socket"


def message(cls: Struct, schemas: Json) -> Json:
    name = name_of(cls)
    message: Json = {"name": type_of(cls), "title": name}
    if cls.__doc__:
        message["description"] = flat(cls.__doc__)
    message["tags"] = [{"name": kind_of(cls)}]
    if "ref" in cls.__struct_fields__:
        message["correlationId"] = {"location": "$message.payload#/ref"}
    message["payload"] = {"$ref": SCHEMAS + name}
    message["examples"] = [{"payload": Examples(schemas).of(schemas[name])}]
    return message


def operations() -> Iterator[tuple[str, Json]]:
    """As the server sees it: it receives commands and sends the rest."""
    for cls in commands():
        operation = _operation("receive", cls)
        if cls in get_args(Asking):
            answers: list[Struct] = [*_answers(cls), frames.Error]
            operation["reply"] = {
                "channel": {"$ref": CHANNEL},
                "messages": [_in_channel(answer) for answer in answers],
            }
        yield f"receive{cls.__name__}", operation
    for cls in sent():
        if cls not in replies():
            yield f"send{cls.__name__}", _operation("send", cls)


def _operation(action: str, cls: Struct) -> Json:
    return {
        "action": action,
        "channel": {"$ref": CHANNEL},
        "summary": f"`{type_of(cls)}`",
        "messages": [_in_channel(cls)],
    }


def _in_channel(cls: Struct) -> Json:
    return {"$ref": f"{CHANNEL}/messages/{name_of(cls)}"}


def _answers(command: Any) -> list[Struct]:
    """The replies that the command's handler makes: those that its code names.

    All of them when it names none, as when a function of its own answers for it.
    """
    named = HANDLERS[command].__code__.co_names
    return [cls for cls in replies() if cls.__name__ in named] or replies()
