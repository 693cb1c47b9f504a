"""The query of the directory."""

from rest_framework import serializers

from chat.models import NAME_CHARACTERS
from core.limits.table import DEFAULT_PAGE, DIRECTORY_PAGE

from .base import Body, Text


class DirectoryQuery(Body):
    search = Text(
        max_length=NAME_CHARACTERS,
        default="",
        help_text="A part of the name or of the topic.",
    )
    cursor = Text(required=False)
    limit = serializers.IntegerField(
        default=DEFAULT_PAGE, min_value=1, max_value=DIRECTORY_PAGE
    )
