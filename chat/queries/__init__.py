"""Every read. A query checks access and returns payloads; nothing here writes."""

from . import attachments, messages, people, rooms

__all__ = ["attachments", "messages", "people", "rooms"]
