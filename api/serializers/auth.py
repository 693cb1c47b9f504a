"""Bodies of the requests that log in and out."""

from typing import Any

from rest_framework import serializers

from .base import Body, Flag, Text


class Registration(Body):
    username = Text(
        max_length=32, help_text="2 to 32 letters, digits, dots, hyphens, underscores."
    )
    password = Text(max_length=128, trim_whitespace=False)
    display_name = Text(max_length=64, required=False)


class Login(Body):
    username = Text(max_length=32)
    password = Text(max_length=128, trim_whitespace=False)


class Refresh(Body):
    refresh = Text(
        max_length=4096, help_text="The latest refresh token; it is good for one use."
    )


class Guest(Body):
    display_name = Text(max_length=64, required=False)


class Profile(Body):
    display_name = Text(max_length=64, required=False)
    status = Text(
        max_length=100,
        required=False,
        allow_blank=True,
        help_text="How you are, in a few words.",
    )
    appear_offline = Flag(
        required=False, help_text="Nobody sees that you are online, or were."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if not attrs:
            raise serializers.ValidationError("Say what to change.")
        return attrs


class AccountDeletion(Body):
    current_password = Text(max_length=128, trim_whitespace=False)
    messages = serializers.ChoiceField(
        choices=["keep", "delete"],
        help_text="Whether what you wrote stays, without your name, or is deleted.",
    )


class PasswordChange(Body):
    current_password = Text(max_length=128, trim_whitespace=False)
    new_password = Text(max_length=128, trim_whitespace=False)
