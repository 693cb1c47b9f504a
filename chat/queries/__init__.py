"""Every read. A query checks access and returns payloads; nothing here writes."""

from . import directory, invitations, messages, people, rooms

__all__ = ["directory", "invitations", "messages", "people", "rooms"]
