"""The body of a notification level."""

from rest_framework import serializers

from chat.models import Membership

from .base import Body


class NotificationLevel(Body):
    level = serializers.ChoiceField(
        choices=Membership.Notify.values,
        help_text="What your devices should make a noise about.",
    )
