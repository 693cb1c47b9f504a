"""The query of a search for people."""

from rest_framework import serializers

from accounts.models import DISPLAY_NAME_CHARACTERS

from .base import Body


class UsersQuery(Body):
    search = serializers.CharField(
        max_length=DISPLAY_NAME_CHARACTERS,
        help_text="How the username or the display name begins.",
    )
