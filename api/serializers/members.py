"""Bodies of the requests about members of a room."""

from rest_framework import serializers

from chat.models import Membership
from core.limits.table import MUTE_SECONDS, REFERENCE_CHARACTERS

from .base import Body, Number, Text


class NewMember(Body):
    user = Text(
        max_length=REFERENCE_CHARACTERS, help_text="The id or the username of a person."
    )


class NewRole(Body):
    role = serializers.ChoiceField(choices=Membership.Role.values)


class NewMute(Body):
    seconds = Number(min_value=1, max_value=MUTE_SECONDS)
