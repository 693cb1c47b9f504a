"""The query of a search."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from rest_framework import serializers

from chat.payloads.people import Time
from core.limits.table import SEARCH_CHARACTERS, SEARCH_PAGE

from .base import Body, Text


class Moment(serializers.DateTimeField):
    """RFC 3339 and nothing else. DRF's own field would take a time without a zone."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment: datetime = msgspec.convert(value, Time)
            return moment.astimezone(UTC)
        except (msgspec.ValidationError, OverflowError):
            self.fail("invalid", format="RFC 3339, such as 2026-01-31T12:00:00Z")


class SearchQuery(Body):
    q = Text(
        max_length=SEARCH_CHARACTERS,
    )
    room = Text(required=False, help_text="The id of a room; without it, all of yours.")
    sender = Text(required=False)
    after = Moment(required=False)
    before = Moment(required=False)
    cursor = Text(required=False)
    limit = serializers.IntegerField(
        default=SEARCH_PAGE, min_value=1, max_value=SEARCH_PAGE
    )
