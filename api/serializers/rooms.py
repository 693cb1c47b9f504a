"""Bodies of the requests about rooms."""

from rest_framework import serializers

from .base import Body


class NewRoom(Body):
    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=["public", "private"], default="public")
    topic = serializers.CharField(max_length=250, default="", allow_blank=True)
    staff_only = serializers.BooleanField(
        default=False, help_text="Only staff may see it; only staff may set this."
    )
