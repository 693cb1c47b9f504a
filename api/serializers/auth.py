"""Bodies of the requests about accounts, log-ins and profiles."""

from typing import Any

from rest_framework import serializers

from accounts.mailed_tokens import MAX_MAILED_TOKEN_LENGTH
from accounts.models import (
    DISPLAY_NAME_CHARACTERS,
    EMAIL_CHARACTERS,
    PASSWORD_CHARACTERS,
    STATUS_CHARACTERS,
    USERNAME_CHARACTERS,
)
from accounts.token_kinds import MAX_TOKEN_LENGTH

from .base import Body, Flag, Text


class Password(Text):
    """Taken as it is: spaces at its ends belong to it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=PASSWORD_CHARACTERS, trim_whitespace=False, **options
        )


class Registration(Body):
    username = Text(
        max_length=USERNAME_CHARACTERS,
        help_text="2 to 32 letters, digits, dots, hyphens, underscores.",
    )
    password = Password()
    display_name = Text(max_length=DISPLAY_NAME_CHARACTERS, required=False)


class Login(Body):
    username = Text(max_length=USERNAME_CHARACTERS)
    password = Password()


class Refresh(Body):
    refresh = Text(
        max_length=MAX_TOKEN_LENGTH,
        help_text="The latest refresh token; it is good for one use.",
    )


class Guest(Body):
    display_name = Text(max_length=DISPLAY_NAME_CHARACTERS, required=False)


class Profile(Body):
    display_name = Text(max_length=DISPLAY_NAME_CHARACTERS, required=False)
    status = Text(
        max_length=STATUS_CHARACTERS,
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
    current_password = Password()
    messages = serializers.ChoiceField(
        choices=["keep", "delete"],
        help_text="Whether what you wrote stays, without your name, or is deleted.",
    )


class PasswordChange(Body):
    current_password = Password()
    new_password = Password()


class EmailChange(Body):
    email = serializers.EmailField(
        max_length=EMAIL_CHARACTERS,
        allow_blank=True,
        help_text="Yours when you confirm it; an empty one takes yours away.",
    )
    current_password = Password()


class ResetRequest(Body):
    email = serializers.EmailField(max_length=EMAIL_CHARACTERS)


class Proof(Body):
    token = Text(max_length=MAX_MAILED_TOKEN_LENGTH, help_text="From the mail.")


class PasswordReset(Proof):
    new_password = Password()
