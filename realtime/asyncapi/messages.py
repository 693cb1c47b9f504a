"""The messages, and the operations: which message is answered with which."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

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
    """From the server's side: it receives commands and sends everything else."""
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
    """The replies of a command: the return type of its handler, or each of a union."""
    declared = get_type_hints(HANDLERS[command])["return"]
    named = get_args(declared) or (declared,)
    return [cls for cls in replies() if cls in named]
