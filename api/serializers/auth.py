"""Bodies of the requests that log in and out."""

from rest_framework import serializers

from .base import Body


class Registration(Body):
    username = serializers.CharField(
        max_length=32, help_text="2 to 32 letters, digits, dots, hyphens, underscores."
    )
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    display_name = serializers.CharField(max_length=64, required=False)


class Login(Body):
    username = serializers.CharField(max_length=32)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class Refresh(Body):
    refresh = serializers.CharField(
        max_length=4096, help_text="The latest refresh token; it is good for one use."
    )


class Profile(Body):
    display_name = serializers.CharField(max_length=64)


class PasswordChange(Body):
    current_password = serializers.CharField(max_length=128, trim_whitespace=False)
    new_password = serializers.CharField(max_length=128, trim_whitespace=False)
