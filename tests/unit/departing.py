"""Shared by the tests of deleted accounts."""

from accounts.models import User
from chat.actions.departures import close_account, depart
from chat.actions.messages import send_message
from chat.models import (
    Departure,
    Membership,
)
from chat.payloads.messages import MessagePayload
from chat.payloads.rooms import RoomPayload
from chat.queries.messages import history
from tests.people import acting

PASSWORD = "a good password"


def close(user: User, messages: str = "keep") -> Departure:
    """The same as the request. The tests' people have no password."""
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    close_account(acting(user), current_password=PASSWORD, messages=messages)
    return Departure.objects.get(user=user)


def gone(user: User, messages: str = "keep") -> None:
    departure = close(user, messages)
    depart(departure.pk)
    departure.refresh_from_db()
    assert departure.finished_at is not None


def say(user: User, room: RoomPayload, body: str, *files: str) -> MessagePayload:
    key = body.replace(" ", "-")
    return send_message(
        acting(user), room.id, client_id=key, body=body, attachments=files
    ).message


def said(reader: User, room: RoomPayload) -> list[MessagePayload]:
    return [
        one for one in history(acting(reader), room.id).messages if one.kind == "user"
    ]


def roles(room: RoomPayload) -> dict[str, str]:
    members = Membership.objects.filter(room_id=room.id)
    return dict(members.values_list("user__username", "role"))
