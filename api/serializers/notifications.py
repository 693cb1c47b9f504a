"""The body of a notification level."""

from rest_framework import serializers

from .base import Body


class NotificationLevel(Body):
    level = serializers.ChoiceField(
        choices=["all", "mentions", "none"],
        help_text="What your devices should make a noise about.",
    )
