"""Bodies of the requests about rooms."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from chat.models import NAME_CHARACTERS, TOPIC_CHARACTERS, Room
from core.limits.table import RETENTION_DAYS, SLOW_MODE_SECONDS

from .base import Body, Flag, Number, Text

_color = RegexValidator(r"\A(#[0-9a-fA-F]{6})?\Z", "Write #rrggbb, or nothing.")


class Color(Text):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_blank=True,
            validators=[_color],
            help_text="`#rrggbb`, or nothing.",
            **options,
        )


class NewRoom(Body):
    name = Text(max_length=NAME_CHARACTERS)
    kind = serializers.ChoiceField(
        choices=[Room.Kind.PUBLIC.value, Room.Kind.PRIVATE.value],
        default=Room.Kind.PUBLIC.value,
    )
    topic = Text(max_length=TOPIC_CHARACTERS, default="", allow_blank=True)
    color = Color(default="")
    staff_only = Flag(
        default=False, help_text="Only staff may see it; only staff may set this."
    )
    guests_may_read = Flag(
        default=False, help_text="People without an account may read a public room."
    )
    get_or_create = Flag(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["get_or_create"] and attrs["kind"] != "public":
            raise serializers.ValidationError(
                {"get_or_create": ["Only a public room is found by its name."]}
            )
        return super().validate(attrs)


class RoomChanges(Body):
    name = Text(max_length=NAME_CHARACTERS, required=False)
    topic = Text(max_length=TOPIC_CHARACTERS, required=False, allow_blank=True)
    guests_may_read = Flag(
        required=False, help_text="Of a public room: guests may see and read it."
    )
    color = Color(required=False)
    announcements_only = Flag(required=False)
    notices = Flag(required=False)
    slow_mode_seconds = Number(
        required=False,
        min_value=0,
        max_value=SLOW_MODE_SECONDS,
    )
    retention_days = Number(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=RETENTION_DAYS,
    )
    archived = Flag(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if not attrs:
            raise serializers.ValidationError("Say what to change.")
        return attrs
