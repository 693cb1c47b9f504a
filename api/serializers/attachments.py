"""Bodies and queries of the requests about files."""

from rest_framework import serializers

from .base import Body


class NewFile(Body):
    file = serializers.FileField(help_text="Its content says what it is.")


class FileQuery(Body):
    signature = serializers.RegexField(
        r"^[A-Za-z0-9_:-]{1,200}$",
        required=False,
        help_text="From a link, instead of a token.",
    )
