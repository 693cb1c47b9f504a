"""What there is: commands, replies, events and refusals, found in their modules."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args

import msgspec

import chat.errors
import chat.events
import core.errors
from core.errors import Refusal

from ..protocol import frames
from ..protocol.commands import Command

Json = dict[str, Any]
Struct = type[msgspec.Struct]

SCHEMAS = "#/components/schemas/"


def commands() -> list[Struct]:
    """What a client may send."""
    return list(get_args(Command))


def sent() -> list[Struct]:
    """What the server sends: hello, replies and the like, then the events."""
    return [*_tagged(frames), *_tagged(chat.events)]


def replies() -> list[Struct]:
    return [cls for cls in _tagged(frames) if type_of(cls) == "reply"]


def refusals() -> list[type[Refusal]]:
    """One for each code, by status.

    A refusal without a code of its own is, to clients, its parent.
    """
    found: dict[str, type[Refusal]] = {}
    for module in (core.errors, chat.errors):
        for cls in _classes(module):
            if issubclass(cls, Refusal) and cls is not Refusal:
                found.setdefault(cls.code, cls)
    return sorted(found.values(), key=lambda cls: cls.status)


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


def name_of(cls: Struct) -> str:
    is_command = cls in get_args(Command)
    return f"{cls.__name__}Command" if is_command else cls.__name__


def type_of(cls: Struct) -> str:
    """Its `type` on the wire."""
    return str(cls.__struct_config__.tag)


def kind_of(cls: Struct) -> str:
    if cls in get_args(Command):
        return "command"
    if type_of(cls) == "reply":
        return "reply"
    return "connection" if cls.__module__ == frames.__name__ else "event"
