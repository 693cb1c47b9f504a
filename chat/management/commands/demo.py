"""`manage.py demo`: twelve people who have talked in eight rooms for a month.

The talk is the same each time and goes through the log like any other; only the times
are put back afterwards. A second run changes nothing.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.actor import system
from accounts.demo import DEMO_PEOPLE, STAFF, create_person, printed_password
from accounts.models import User
from core.bus.envelopes import EventName
from core.errors import Refusal

from ...access.messages import check_react
from ...access.seat import Seat
from ...actions.members import add_member
from ...actions.memberships import join_room
from ...actions.reads import mark_read
from ...actions.rooms import create_room
from ...log.append import append, change
from ...log.draft import Draft
from ...models import Membership, Message, Reaction, Room
from ..demo_talk import EMOJI, ROOMS, Place, small_talk

MESSAGES = 2_000
DAYS = 30
_IN_ONE_TALK = 8
_REACTIONS = 300
_BATCH = 250


@dataclass(eq=False)
class _Line:
    """A message to be sent; `seq` is set once all lines are in order."""

    at: datetime
    room: str
    sender: User
    body: str
    answered: "_Line | None"
    seq: int = 0


class Command(BaseCommand):
    help = "Make people, rooms and a month of small talk, to look at."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Only with DEBUG=on: everybody knows these passwords.")
        if not User.objects.filter(username__in=DEMO_PEOPLE).exists():
            try:
                _make(Random(1))  # noqa: S311 (the same talk each time)
            except Refusal as refusal:
                raise CommandError(f"Nothing was made: {refusal.detail}") from None
        for name in DEMO_PEOPLE:
            staff = "  (staff)" if name in STAFF else ""
            self.stdout.write(f"{name}  {printed_password(name)}{staff}")


@transaction.atomic
def _make(rng: Random) -> None:
    now = timezone.now()
    people = [create_person(name) for name in DEMO_PEOPLE]
    members = {place: _members(rng, place, people) for place in ROOMS}
    rooms = {place: _room(place, members[place]) for place in ROOMS}
    _put_back(list(rooms.values()), people, now - timedelta(days=DAYS))
    lines = _talk(rng, now, rooms, members)
    _write(lines)
    by_room = {rooms[place]: members[place] for place in ROOMS}
    for line in rng.sample(lines, _REACTIONS):
        _react(line, rng.choice(by_room[line.room]), rng.choice(EMOJI))
    for room, readers in by_room.items():
        _read(rng, room, readers)


def _members(rng: Random, place: Place, people: list[User]) -> list[User]:
    """The room's owner and the others. The first of all people is in every room."""
    if place.staff_only:
        return [person for person in people if person.is_staff]
    members = [people[0], *rng.sample(people[1:], place.size - 1)]
    rng.shuffle(members)
    return members


def _room(place: Place, members: list[User]) -> str:
    owner, *others = members
    room = create_room(
        system(owner),
        name=place.name,
        topic=place.topic,
        kind=place.kind,
        staff_only=place.staff_only,
    )
    for other in others:
        if place.kind == Room.Kind.PUBLIC:
            join_room(system(other), room.id)
        else:
            add_member(system(owner), room.id, other.username)
    return room.id


def _put_back(rooms: list[str], people: list[User], start: datetime) -> None:
    ids = [person.pk for person in people]
    User.objects.filter(pk__in=ids).update(created_at=start)
    Room.objects.filter(pk__in=rooms).update(created_at=start)
    Message.objects.filter(room_id__in=rooms).update(created_at=start)
    Membership.objects.filter(room_id__in=rooms).update(joined_at=start)


def _talk(
    rng: Random,
    now: datetime,
    rooms: dict[Place, str],
    members: dict[Place, list[User]],
) -> list[_Line]:
    """All lines in the order of their times, with their numbers."""
    lines: list[_Line] = []
    while len(lines) < MESSAGES:
        place = rng.choice(ROOMS)
        # At least an hour ago, so that the longest talk is over by now.
        start = now - timedelta(minutes=rng.uniform(60, DAYS * 24 * 60 - 1))
        people = rng.sample(members[place], min(3, len(members[place])))
        lines.extend(_one_talk(rng, start, rooms[place], place, people))
    lines.sort(key=lambda line: line.at)
    heads = Room.objects.values_list("pk", "head_seq")
    seqs = {str(pk): head for pk, head in heads}
    for line in lines:
        seqs[line.room] += 1
        line.seq = seqs[line.room]
    return lines


def _one_talk(
    rng: Random, at: datetime, room: str, place: Place, people: list[User]
) -> list[_Line]:
    lines: list[_Line] = []
    bodies = small_talk(rng, place, _IN_ONE_TALK)
    for number in range(_IN_ONE_TALK):
        at += timedelta(seconds=rng.uniform(15, 240))
        earlier = rng.choice(lines) if number % 3 and rng.random() < 0.5 else None
        others = [p for p in people if not lines or p is not lines[-1].sender]
        sender, body = rng.choice(others), next(bodies)
        if lines and rng.random() < 0.1:
            body = f"@{lines[-1].sender.username} {body}"
        lines.append(_Line(at, room, sender, body, earlier))
    return lines


def _write(lines: list[_Line]) -> None:
    for first in range(0, len(lines), _BATCH):
        drafts = [
            Draft(
                line.room,
                system(line.sender),
                line.body,
                client_id=f"demo-{line.seq}",
                reply_to=line.answered.seq if line.answered else None,
            )
            for line in lines[first : first + _BATCH]
        ]
        for outcome in append(drafts):
            if isinstance(outcome, Refusal):
                raise outcome
    by_room: dict[str, dict[int, datetime]] = defaultdict(dict)
    for line in lines:
        by_room[line.room][line.seq] = line.at
    for room, times in by_room.items():
        messages = list(Message.objects.filter(room_id=room, seq__in=times))
        for message in messages:
            message.created_at = times[message.seq]
        Message.objects.bulk_update(messages, ["created_at"])


def _react(line: _Line, user: User, emoji: str) -> None:
    def edit(seat: Seat, message: Message) -> EventName:
        check_react(seat, message)
        Reaction.objects.create(message=message, user=seat.user, emoji=emoji)
        return "message.updated"

    change(system(user), line.room, line.seq, edit)


def _read(rng: Random, room: str, members: list[User]) -> None:
    """Most have read everything, some not the last day, one of six not at all."""
    head = Room.objects.values_list("head_seq", flat=True).get(pk=room)
    for member in members:
        behind = rng.choice([0, 0, 0, rng.randint(1, 30), rng.randint(60, 90), head])
        mark_read(system(member), room, head - behind)
