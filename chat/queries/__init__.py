"""Every read. A query checks access and returns payloads; nothing here writes."""

from . import directory, messages, people, rooms

__all__ = ["directory", "messages", "people", "rooms"]
