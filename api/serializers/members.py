"""Bodies and queries of the requests about people."""

from rest_framework import serializers

from .base import Body, Number, Text


class NewMember(Body):
    user = Text(max_length=64, help_text="The id or the username of a person.")


class NewRole(Body):
    role = serializers.ChoiceField(choices=["owner", "moderator", "member"])


class NewMute(Body):
    seconds = Number(
        min_value=1, max_value=31_536_000, help_text="For how long, from now on."
    )
