"""`python -m bench.plain_drf.populate`: people, rooms and messages, as many as
`bench.populate` makes. It prints one person as a JSON line.
"""

import argparse
import sys

import django
import msgspec

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from rest_framework_simplejwt.tokens import AccessToken  # noqa: E402

from bench.people import Person  # noqa: E402
from bench.plain_drf.models import Member, Message, Room  # noqa: E402


def main() -> None:
    options = _options()
    people = User.objects.bulk_create(
        User(username=f"person-{n}", first_name=f"Person {n}", password="!")
        for n in range(options.people)
    )
    rooms = Room.objects.bulk_create(
        Room(name=f"room-{n}", topic="Bench") for n in range(options.rooms)
    )
    Member.objects.bulk_create(
        Member(room=room, user=user) for room in rooms for user in people
    )
    Message.objects.bulk_create(
        Message(
            room=room, sender=people[n % len(people)], body=f"message {n} {'x' * 70}"
        )
        for room in rooms
        for n in range(options.messages)
    )
    token = str(AccessToken.for_user(people[0]))
    person = Person("person-0", token, str(rooms[0].pk))
    sys.stdout.write(msgspec.json.encode(person).decode() + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--rooms", type=int, required=True)
    parser.add_argument("--messages", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
