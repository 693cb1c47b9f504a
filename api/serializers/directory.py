"""The query of the directory."""

from rest_framework import serializers

from core.limits.table import DIRECTORY_PAGE

from .base import Body, Text


class DirectoryQuery(Body):
    search = Text(
        max_length=80, default="", help_text="A part of the name or of the topic."
    )
    cursor = Text(required=False, help_text="The `next` of the page before.")
    limit = serializers.IntegerField(default=50, min_value=1, max_value=DIRECTORY_PAGE)
