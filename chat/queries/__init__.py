"""Every read. A query checks access and returns payloads; nothing here writes."""

from . import (
    attachments,
    bans,
    blocks,
    catching_up,
    directory,
    exports,
    invitations,
    members,
    messages,
    people,
    retention,
    rooms,
)

__all__ = [
    "attachments",
    "bans",
    "blocks",
    "catching_up",
    "directory",
    "exports",
    "invitations",
    "members",
    "messages",
    "people",
    "retention",
    "rooms",
]
