"""The body of a request for a direct room or a group."""

from typing import Any

from rest_framework import serializers

from core.limits.table import GROUP_PEOPLE, REFERENCE_CHARACTERS

from .base import Body, Text


class People(serializers.ListField):
    child = Text(max_length=REFERENCE_CHARACTERS)

    def run_child_validation(self, data: Any) -> Any:
        try:
            return super().run_child_validation(data)
        except serializers.ValidationError:
            message = "Each is the id or the username of a person."
            raise serializers.ValidationError(message) from None


class NewDirect(Body):
    user = Text(
        max_length=REFERENCE_CHARACTERS,
        required=False,
        help_text="The id or the username of a person: the one room of you two.",
    )
    users = People(
        required=False,
        min_length=1,
        max_length=GROUP_PEOPLE - 1,
        help_text="Instead of `user`: a new group with these people.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if len(attrs) != 1:
            raise serializers.ValidationError({"user": ["Give either user or users."]})
        return attrs
