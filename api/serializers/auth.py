"""Bodies of the requests that log in and out."""

from .base import Body, Text


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


class Profile(Body):
    display_name = Text(max_length=64)


class PasswordChange(Body):
    current_password = Text(max_length=128, trim_whitespace=False)
    new_password = Text(max_length=128, trim_whitespace=False)
