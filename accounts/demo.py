"""The people of `manage.py first_run` and `demo`, whose passwords are printed.

Both commands need DEBUG, but their rows stay when it is switched off. So a server
without DEBUG does not start while such a password opens an account. Nobody may choose
such a password either: a stranger could keep the server from starting with one.
"""

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from .models import User

FIRST_PEOPLE = {"alice": "Alice", "bob": "Bob"}
DEMO_PEOPLE = {
    "mira": "Mira Lindqvist",
    "jonas": "Jonas Weber",
    "aisha": "Aisha Rahman",
    "tomas": "Tomás Herrera",
    "lena": "Lena Novak",
    "kwame": "Kwame Mensah",
    "priya": "Priya Nair",
    "oskar": "Oskar Berg",
    "yuki": "Yuki Tanaka",
    "carmen": "Carmen Ortiz",
    "elif": "Elif Demir",
    "noah": "Noah Clarke",
}
STAFF = ("bob", "mira", "kwame", "elif")

_PEOPLE = FIRST_PEOPLE | DEMO_PEOPLE
_ENDING = "-likes-hubbub"


def printed_password(name: str) -> str:
    return f"{name}{_ENDING}"


def create_person(name: str) -> User:
    """Some are staff of the chat. None is a superuser, who could read every room."""
    return User.objects.create_user(
        name,
        printed_password(name),
        display_name=_PEOPLE[name],
        is_staff=name in STAFF,
    )


def accounts_with_printed_passwords() -> list[str]:
    """The usernames of active accounts that still have their printed password."""
    people = User.objects.filter(username__in=_PEOPLE, is_active=True)
    return [
        person.username
        for person in people.order_by("username")
        if check_password(printed_password(person.username), person.password)
    ]


class PrintedPasswordValidator:
    """Refuses every password of this kind, for any account."""

    def validate(self, password: str, user: object = None) -> None:
        if password.lower().endswith(_ENDING):
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        return f"Passwords that end in {_ENDING} are printed in Hubbub's documentation."
