"""Every read. A query checks access and returns payloads; nothing here writes."""

from . import attachments, directory, invitations, messages, people, rooms

__all__ = ["attachments", "directory", "invitations", "messages", "people", "rooms"]
