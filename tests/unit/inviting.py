"""Shared by the tests of invitations: a link, and the text of a refusal."""

from collections.abc import Callable

import pytest

from accounts.models import User
from chat.actions import invitations
from chat.payloads.rooms import RoomPayload
from core.errors import (
    Refusal,
)
from tests.people import acting


def link(
    user: User, room: RoomPayload, max_uses: int | None = None, expires_in: int = 60
) -> str:
    made = invitations.make_link(
        acting(user), room.id, expires_in=expires_in, max_uses=max_uses
    )
    return str(made.code)


def refused(job: Callable[[], object]) -> tuple[type[Refusal], str]:
    with pytest.raises(Refusal) as found:
        job()
    return type(found.value), found.value.detail
