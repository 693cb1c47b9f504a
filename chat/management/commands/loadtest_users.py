"""`manage.py loadtest_users`: people for a load generator, one JSON line each."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import tokens
from accounts.models import User

from ...models import Membership, Room


class Command(BaseCommand):
    help = "Make people, joined to rooms in turn, and print username, token and room."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--users", type=int, required=True)
        parser.add_argument("--rooms", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Only with DEBUG=on: it hands out tokens to anybody.")
        if options["users"] < 1 or options["rooms"] < 1:
            raise CommandError("--users and --rooms must be 1 or more.")
        rooms = [
            Room.objects.get_or_create(
                name=f"load-{index}",
                kind=Room.Kind.PUBLIC,
                defaults={"topic": "Load test"},
            )[0]
            for index in range(options["rooms"])
        ]
        for index in range(options["users"]):
            line = _person(index, rooms[index % len(rooms)])
            self.stdout.write(json.dumps(line))


@transaction.atomic
def _person(index: int, room: Room) -> dict[str, str]:
    """A member without a message about it, so that every room starts at number 0."""
    username = f"load-{index}"
    user, _ = User.objects.get_or_create(
        username=username, defaults={"display_name": username, "password": "!"}
    )
    Membership.objects.get_or_create(room=room, user=user)
    pair = tokens.start_session(user, user_agent="loadtest_users")
    return {"username": username, "token": pair.access, "room": str(room.pk)}
