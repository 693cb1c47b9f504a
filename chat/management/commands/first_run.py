"""`manage.py first_run`: alice, bob and two rooms with something to read.

They are made through the same actions as any others. A second run changes nothing.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.actor import system
from accounts.demo import FIRST_PEOPLE, create_person
from accounts.models import User

from ...actions.memberships import join_room
from ...actions.rooms import create_room
from ...log.append import append_one
from ...log.draft import Draft

_TALK = [
    ("alice", "Good morning! This is #general: everybody may read and write here."),
    ("bob", "Morning. Does the other window see this at once?"),
    ("alice", "It does. Open a second browser and log in as the other one of us."),
    ("bob", "And if my network drops in between?"),
    (
        "alice",
        "Then your page asks for what it missed. Nothing is lost, nothing twice.",
    ),
]
_STAFF_TALK = [
    ("bob", "Only staff see this room; for others it does not exist."),
]


class Command(BaseCommand):
    help = "Make the people and rooms that `make run` shows."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Only with DEBUG=on: everybody knows these passwords.")
        if User.objects.filter(username="alice").exists():
            return
        people = {name: system(create_person(name)) for name in FIRST_PEOPLE}
        alice, bob = people["alice"], people["bob"]
        general = create_room(alice, name="general", topic="What is going on")
        join_room(bob, general.id)
        topic = "Behind the curtain"
        staff = create_room(bob, name="staff", topic=topic, staff_only=True)
        for room, talk in ((general.id, _TALK), (staff.id, _STAFF_TALK)):
            for number, (name, body) in enumerate(talk):
                key = f"first-{number}"
                append_one(Draft(room, people[name], body, client_id=key))
