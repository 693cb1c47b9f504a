"""One room and everybody who can stand before it: what the matrix is tried on.

The public room's log: 1 made, then each one's joining, then OWNERS, a message of the
owner's, and VICTIMS, one of the victim's, a plain member whom others act upon. The
outsider is invited, and there is a link.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from chat import stored_files
from chat.actions.attachments import add_attachment
from chat.actions.bans import ban
from chat.actions.invitations import invite_person, make_link
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import send_message
from chat.actions.rooms import create_room
from chat.models import Membership
from tests.people import access_token, acting, person
from tests.pictures import png

from .door import Door

ROLES = (
    "owner",
    "moderator",
    "member",
    "muted",
    "banned",
    "former",
    "outsider",
    "staff",
    # The same person: the room is not open to guests, or it is.
    "guest",
    "visitor",
    "anonymous",
)


@dataclass(frozen=True)
class Scene:
    room: str
    victim: User
    owners: int
    victims: int
    invitation: str
    code: str
    # A picture that the owner's message carries, and the name of some avatar.
    attachment: str
    avatar: str
    people: dict[str, User]

    def door(self, role: str) -> Door:
        if role == "anonymous":
            return Door()
        return Door(access_token(self.people[role]))


def new_scene(*, guests_may_read: bool = False) -> Scene:
    people = {role: _person(role) for role in ROLES[:-1]}
    victim = person("victim")
    owner = people["owner"]
    room = create_room(
        acting(owner), name="general", guests_may_read=guests_may_read
    ).id
    for role in ("moderator", "member", "muted", "banned", "former"):
        join_room(acting(people[role]), room)
    join_room(acting(victim), room)
    # A second owner, so that the first may leave.
    other = person("other")
    Membership.objects.create(room_id=room, user=other, role="owner")
    _settle(room, people)
    file = ContentFile(png(), "hello.png")
    attachment = add_attachment(acting(people["owner"]), room, file).id
    owners = send_message(
        acting(people["owner"]),
        room,
        client_id="1",
        body="hello",
        attachments=[attachment],
    ).message
    with stored_files.put("avatars", b"not looked at", owner=None) as [avatar]:
        pass
    victims = send_message(acting(victim), room, client_id="1", body="hello").message
    invitation, _ = invite_person(acting(people["owner"]), room, "outsider")
    link = make_link(acting(people["owner"]), room, expires_in=60, max_uses=1)
    return Scene(
        room,
        victim,
        owners.seq,
        victims.seq,
        invitation.id,
        str(link.code),
        attachment,
        avatar,
        people,
    )


def _person(role: str) -> User:
    is_guest = role in {"guest", "visitor"}
    return person(role, is_staff=role == "staff", is_guest=is_guest)


def _settle(room: str, people: dict[str, User]) -> None:
    members = Membership.objects.filter(room_id=room)
    members.filter(user=people["moderator"]).update(role="moderator")
    later = timezone.now() + timedelta(hours=1)
    members.filter(user=people["muted"]).update(muted_until=later)
    ban(acting(people["owner"]), room, str(people["banned"].pk))
    leave_room(acting(people["former"]), room)
