"""Every read. A query checks access and returns payloads; nothing here writes."""

from . import messages, people, rooms

__all__ = ["messages", "people", "rooms"]
