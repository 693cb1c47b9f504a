"""Bodies of the requests about rooms."""

from rest_framework import serializers

from .base import Body, Flag, Text


class NewRoom(Body):
    name = Text(max_length=80)
    kind = serializers.ChoiceField(choices=["public", "private"], default="public")
    topic = Text(max_length=250, default="", allow_blank=True)
    staff_only = Flag(
        default=False, help_text="Only staff may see it; only staff may set this."
    )
