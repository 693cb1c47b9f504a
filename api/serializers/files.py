"""Bodies and queries of the requests about files."""

from rest_framework import serializers

from .base import Body, Text


class NewFile(Body):
    file = serializers.FileField(help_text="Its content says what it is.")


class FileQuery(Body):
    signature = Text(
        required=False, max_length=200, help_text="From a link, instead of a token."
    )
