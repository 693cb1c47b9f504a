"""Bodies and queries of the requests about people."""

from typing import Any

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


class People(serializers.ListField):
    child = Text(max_length=64)

    def run_child_validation(self, data: Any) -> Any:
        try:
            return super().run_child_validation(data)
        except serializers.ValidationError:
            message = "Each is the id or the username of a person."
            raise serializers.ValidationError(message) from None


class NewDirect(Body):
    user = Text(
        max_length=64,
        required=False,
        help_text="The id or the username of a person: the one room of you two.",
    )
    users = People(
        required=False,
        min_length=1,
        max_length=9,
        help_text="Instead of `user`: a new group with these people.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if len(attrs) != 1:
            raise serializers.ValidationError({"user": ["Give either user or users."]})
        return attrs


class UsersQuery(Body):
    search = serializers.CharField(
        max_length=64, help_text="How the username or the display name begins."
    )
