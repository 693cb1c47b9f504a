"""Every action that writes rows which stay is limited by person, whatever the door."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts.actor import Actor
from accounts.models import User
from chat.actions import (
    avatars,
    bans,
    blocks,
    direct,
    invitations,
    members,
    memberships,
    pins,
    profile,
    rooms,
)
from chat.payloads.rooms import RoomPayload
from core import limits
from core.errors import RateLimited, Refusal
from core.limits.bucket import RateLimit
from tests.people import acting

Act = Callable[[Actor, str], object]

ACTIONS: dict[str, tuple[str, Act]] = {
    "create_room": ("rooms", lambda u, r: rooms.create_room(u, name="new")),
    "create_group": ("rooms", lambda u, r: direct.create_group(u, ["charlie"])),
    "open_direct": ("rooms", lambda u, r: direct.open_direct(u, "charlie")),
    "get_or_create_room": (
        "rooms",
        lambda u, r: rooms.get_or_create_room(u, name="other"),
    ),
    "update_room": ("room_changes", lambda u, r: rooms.update_room(u, r, {})),
    "delete_room": ("room_changes", rooms.delete_room),
    "remove_room_avatar": ("room_changes", avatars.remove_room_avatar),
    "join_room": ("joins", memberships.join_room),
    "leave_room": ("joins", memberships.leave_room),
    "accept": ("joins", lambda u, r: invitations.accept(u, r)),
    "invite_person": (
        "invitations",
        lambda u, r: invitations.invite_person(u, r, "charlie"),
    ),
    "make_link": (
        "invitations",
        lambda u, r: invitations.make_link(u, r, expires_in=60, max_uses=1),
    ),
    "revoke": ("member_changes", lambda u, r: invitations.revoke(u, r, r)),
    "add_member": (
        "member_changes",
        lambda u, r: members.add_member(u, r, "charlie"),
    ),
    "change_role": (
        "member_changes",
        lambda u, r: members.change_role(u, r, str(u.id), "owner"),
    ),
    "remove_member": (
        "member_changes",
        lambda u, r: members.remove_member(u, r, r),
    ),
    "mute_member": (
        "member_changes",
        lambda u, r: members.mute_member(u, r, r, 60),
    ),
    "unmute_member": (
        "member_changes",
        lambda u, r: members.unmute_member(u, r, r),
    ),
    "ban": ("member_changes", lambda u, r: bans.ban(u, r, r)),
    "unban": ("member_changes", lambda u, r: bans.unban(u, r, r)),
    "change_profile": (
        "profile_changes",
        lambda u, r: profile.change_profile(u, {}),
    ),
    "remove_avatar": ("profile_changes", lambda u, r: avatars.remove_avatar(u)),
    "block": ("profile_changes", lambda u, r: blocks.block(u, r)),
    "unblock": ("profile_changes", lambda u, r: blocks.unblock(u, r)),
    "pin_message": (
        "messages",
        lambda u, r: pins.pin_message(u, r, 1, pinned=True),
    ),
}


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.usefixtures("bob", "charlie")
def test_a_write_takes_a_token(
    name: str,
    alice: User,
    room: RoomPayload,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One token for each time, also when the write itself is refused."""
    settings.RATE_LIMITS = True
    limit, act = ACTIONS[name]
    monkeypatch.setattr(limits, limit, RateLimit(0.001, 1, name=limit))
    monkeypatch.setattr(limits, "joins" if limit == "rooms" else "rooms", _never())
    try:
        act(acting(alice), room.id)
    except RateLimited:
        raise
    except Refusal:
        pass
    with pytest.raises(RateLimited) as refused:
        getattr(limits, limit).take(alice.pk)
    assert refused.value.policy is not None


def _never() -> RateLimit:
    """A limit that nothing here meets."""
    return RateLimit(1_000_000, 1_000_000)


def test_a_message_into_a_direct_room_makes_none(
    alice: User, bob: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "rooms", RateLimit(0.001, 1))
    for _ in range(5):
        direct.open_direct(acting(alice), "bob")
        direct.open_direct(acting(bob), "alice")
