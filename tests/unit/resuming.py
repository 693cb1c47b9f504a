"""Clients that come back, and the rooms in which they missed something."""

from collections.abc import Sequence

from accounts.actor import Actor
from accounts.models import User
from chat.actions.memberships import join_room
from chat.actions.rooms import create_room
from chat.log.append import append
from chat.log.draft import Draft
from chat.payloads.rooms import RoomPayload
from chat.queries.catching_up import Answers, CaughtUp, Resume, catch_up
from tests.people import acting


def resumed(actor: Actor, resumes: Sequence[Resume]) -> Answers:
    [answers] = catch_up([(actor, resumes)])
    return answers


def found(answers: Answers, room: RoomPayload) -> CaughtUp:
    answer = answers[room.id]
    assert isinstance(answer, CaughtUp)
    return answer


def write(user: User, room: RoomPayload, count: int, body: str = "x") -> None:
    append([Draft(room.id, acting(user), body) for _ in range(count)])


def revs(answer: CaughtUp) -> list[int]:
    return [message.rev for message in answer.messages]


def three_rooms(alice: User, bob: User) -> list[RoomPayload]:
    """Three rooms of alice's and bob's, each with a log from 1 to 2."""
    made = [create_room(acting(alice), name=f"room-{number}") for number in range(3)]
    return [join_room(acting(bob), room.id) for room in made]
