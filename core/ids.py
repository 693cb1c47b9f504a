"""Ids: making new ones, and reading those that clients send."""

from collections.abc import Iterable
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7. It sorts by its time of creation, so that indexes grow at one end."""
    return uuid7()


def as_uuid(text: str) -> UUID | None:
    """The id that a client sent, or None for a text that cannot be one.

    An id in capitals or in braces is refused too: the hub keeps its feeds by the text,
    and must not know one room under two names.
    """
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text else None


def known_uuids(texts: Iterable[str]) -> list[UUID]:
    """The ids among these texts; the others cannot be the id of anything."""
    return [uuid for text in texts if (uuid := as_uuid(text)) is not None]
