"""Finds the protocol's types in their modules: commands, replies, events, refusals."""

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
    """All frames that a client may send."""
    return list(get_args(Command))


def sent() -> list[Struct]:
    """All frames that the server sends: hello, replies and the like, then events."""
    return [*_tagged(frames), *_tagged(chat.events)]


def replies() -> list[Struct]:
    return [cls for cls in _tagged(frames) if type_of(cls) == "reply"]


def refusals() -> list[type[Refusal]]:
    """One refusal for each code, ordered by status.

    A subclass without a code of its own is left out: clients see its parent.
    """
    by_code: dict[str, type[Refusal]] = {}
    for module in (core.errors, chat.errors):
        for cls in _classes(module):
            if issubclass(cls, Refusal) and cls is not Refusal:
                by_code.setdefault(cls.code, cls)
    return sorted(by_code.values(), key=lambda cls: cls.status)


def _tagged(module: ModuleType) -> list[Struct]:
    return [
        cls
        for cls in _classes(module)
        if issubclass(cls, msgspec.Struct) and cls.__struct_config__.tag is not None
    ]


def _classes(module: ModuleType) -> Iterator[type]:
    """The classes that the module itself defines, in their order."""
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield value


def name_of(cls: Struct) -> str:
    is_command = cls in get_args(Command)
    return f"{cls.__name__}Command" if is_command else cls.__name__


def type_of(cls: Struct) -> str:
    """The struct's `type` on the wire."""
    return str(cls.__struct_config__.tag)


def kind_of(cls: Struct) -> str:
    if cls in get_args(Command):
        return "command"
    if type_of(cls) == "reply":
        return "reply"
    return "connection" if cls.__module__ == frames.__name__ else "event"
