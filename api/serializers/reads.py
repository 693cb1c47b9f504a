"""The body of a read marker."""

from .base import Body, Number


class ReadMarker(Body):
    seq = Number(min_value=0, help_text="A number of this room's log.")
