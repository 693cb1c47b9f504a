"""Ids of everything that has one: UUIDv7, so that new rows land at an index's end."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
