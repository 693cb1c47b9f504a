"""`python -m bench.populate`: people, rooms and messages for a bench, in bulk.

It runs with the settings of the server under load, and prints people as JSON lines.
The API would take an hour for what the database does here in seconds.
"""

import argparse
import secrets
import sys
from collections.abc import Sequence

import django
import msgspec

django.setup()

from django.db import connection  # noqa: E402

from accounts.models import Session, User  # noqa: E402
from accounts.token_kinds import Access, new_token  # noqa: E402
from bench.people import Person, Place  # noqa: E402
from chat.models import Membership, Message, Room  # noqa: E402

_SENDERS = 20
_WORDS = " lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod"


def main() -> None:
    options = _options()
    stem = secrets.token_hex(4)
    rooms = Room.objects.bulk_create(
        Room(name=f"{stem}-{n}", kind=Room.Kind.PUBLIC, head_seq=options.messages)
        for n in range(options.rooms)
    )
    people = User.objects.bulk_create(
        User(username=f"{stem}-{n}", display_name=f"Person {n}", password="!")
        for n in range(options.people)
    )
    sessions = Session.objects.bulk_create(Session(user=user) for user in people)
    rooms_of = [_rooms_of(n, rooms, options.rooms_each) for n in range(len(people))]
    Membership.objects.bulk_create(
        Membership(room=room, user=user)
        for user, theirs in zip(people, rooms_of, strict=True)
        for room in theirs
    )
    for room in rooms if options.messages else ():
        _say(room, people[1 : 1 + _SENDERS] or people, options.messages)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for user, session, theirs in zip(people, sessions, rooms_of, strict=True):
        token = str(new_token(Access, user, session.pk))
        places = [_place(room, options.behind) for room in theirs]
        person = Person(user.username, token, str(theirs[0].pk), places)
        sys.stdout.write(msgspec.json.encode(person).decode() + "\n")


def _rooms_of(number: int, rooms: Sequence[Room], each: int) -> list[Room]:
    return [rooms[(number + k) % len(rooms)] for k in range(each)]


def _place(room: Room, behind: int | None) -> Place:
    if behind is None:
        return Place(str(room.pk))
    return Place(str(room.pk), room.epoch, room.head_seq - behind)


def _say(room: Room, senders: Sequence[User], count: int) -> None:
    """Messages of a few people in turn, without the first person of the room."""
    table = connection.ops.quote_name(Message._meta.db_table)
    with connection.cursor() as cursor:
        # A million messages take longer than any statement of the server may.
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO {table} (room_id, seq, rev, kind, level, sender_id, body,"  # noqa: S608 (a name of ours)
            " mentions, created_at) SELECT %s, n, n, 'user', 'normal',"
            " (%s::uuid[])[1 + n %% %s], 'message ' || n || %s, '[]',"
            " now() - (%s - n) * interval '1 second' FROM generate_series(1, %s) n",
            [
                room.pk,
                [user.pk for user in senders],
                len(senders),
                _WORDS,
                count,
                count,
            ],
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--rooms-each", type=int, default=1)
    parser.add_argument("--messages", type=int, default=0, help="in each room")
    parser.add_argument("--behind", type=int, help="what people did not see yet")
    return parser.parse_args()


if __name__ == "__main__":
    main()
