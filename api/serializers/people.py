"""The query of a search for people."""

from rest_framework import serializers

from .base import Body


class UsersQuery(Body):
    search = serializers.CharField(
        max_length=64, help_text="How the username or the display name begins."
    )
