"""Ids: new ones in the order of time, and those that clients send."""

from collections.abc import Iterable
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Sorts by creation time, so indexes grow at one end."""
    return uuid7()


def as_uuid(text: str) -> UUID | None:
    """The id that a client wrote, or None for a text that is the id of nothing.

    An id in capitals or in braces is the id of nothing, too: what is kept by its text,
    such as the feeds of the hub, must not know one room under two names.
    """
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def known_uuids(texts: Iterable[str]) -> list[UUID]:
    """Those of the texts that can be the id of anything at all."""
    return [found for text in texts if (found := as_uuid(text)) is not None]
