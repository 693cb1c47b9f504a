"""Every read. A query checks access and returns payloads; nothing here writes."""

from . import (
    attachments,
    directory,
    exports,
    invitations,
    messages,
    people,
    retention,
    rooms,
)

__all__ = [
    "attachments",
    "directory",
    "exports",
    "invitations",
    "messages",
    "people",
    "retention",
    "rooms",
]
