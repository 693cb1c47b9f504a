"""Every read. A query checks access and returns payloads; nothing here writes."""

from . import invitations, messages, people, rooms

__all__ = ["invitations", "messages", "people", "rooms"]
