"""The people of the tests: alice owns the room, bob is a member, charlie is outside.

dora is staff. Nobody needs a password, because everybody gets a session from tokens.py.
"""

from accounts import tokens
from accounts.actor import Actor, system
from accounts.models import User
from chat.actions.memberships import join_room
from chat.actions.rooms import create_room
from chat.payloads.rooms import RoomPayload

# A well-formed id that belongs to nobody and nothing.
NOBODY = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def person(name: str, **flags: bool) -> User:
    return User.objects.create(
        username=name, display_name=name.title(), password="!", **flags
    )


def acting(user: User) -> Actor:
    """A person as an actor without a token: the chat itself acts for them."""
    return system(user)


def access_token(user: User) -> str:
    return tokens.start_session(user).access


def room_of(owner: User, *members: User, name: str = "general") -> RoomPayload:
    """A public room. Its log begins with its creation and each member's joining."""
    room = create_room(acting(owner), name=name)
    for member in members:
        room = join_room(acting(member), room.id)
    return room
