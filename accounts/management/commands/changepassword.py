"""`manage.py changepassword`, in place of Django's, which leaves sessions open."""

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from ...models import User
from ...passwords import save_password


class Command(BaseCommand):
    help = "Set somebody's password; they are logged out everywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["username"]
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is no account {name}.")
        person.set_password(_ask(person))
        save_password(person)
        self.stdout.write(f"The password of {name} was changed.")


def _ask(person: User) -> str:
    password = getpass("New password: ")
    if password != getpass("The same again: "):
        raise CommandError("The two passwords differ.")
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password
