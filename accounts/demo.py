"""The people of `manage.py first_run` and `manage.py demo`, with printed passwords.

The commands want DEBUG, but their rows stay when it is switched off. So a server
without DEBUG does not start while such a password opens an account, and nobody can
choose one: a stranger could keep the server from starting with it.
"""

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from .models import User

FIRST = {"alice": "Alice", "bob": "Bob"}
CROWD = {
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

_PEOPLE = FIRST | CROWD
_ENDING = "-likes-hubbub"


def password_of(name: str) -> str:
    return f"{name}{_ENDING}"


def make_person(name: str) -> User:
    """Staff in the chat are no superusers: these would read every room."""
    return User.objects.create_user(
        name,
        password_of(name),
        display_name=_PEOPLE[name],
        is_staff=name in STAFF,
    )


def open_to_anybody() -> list[str]:
    """The usernames of the accounts that a printed password opens."""
    people = User.objects.filter(username__in=_PEOPLE, is_active=True)
    return [
        person.username
        for person in people.order_by("username")
        if check_password(password_of(person.username), person.password)
    ]


class PrintedPasswordValidator:
    """Refuses all passwords of the kind, whoever's they would be."""

    def validate(self, password: str, user: object = None) -> None:
        if password.lower().endswith(_ENDING):
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        return f"Passwords that end in {_ENDING} are printed in Hubbub's documentation."
