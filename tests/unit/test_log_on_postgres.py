"""Texts that PostgreSQL refuses and SQLite stores: collected on PostgreSQL alone."""

import pytest

from accounts.models import User
from chat.log.append import append, append_one
from chat.log.draft import Appended, Draft
from chat.payloads.rooms import RoomPayload
from core.errors import Invalid
from tests.people import acting


@pytest.mark.parametrize(
    ("body", "client_id"), [("NUL \x00", "1"), ("a key that is too long", "x" * 65)]
)
def test_a_draft_that_postgresql_cannot_store_fails_alone(
    bob: User, room: RoomPayload, body: str, client_id: str
) -> None:
    drafts = [
        Draft(room.id, acting(bob), "before", client_id="before"),
        Draft(room.id, acting(bob), body, client_id=client_id),
        Draft(room.id, acting(bob), "after", client_id="after"),
    ]
    before, refused, after = append(drafts)
    assert isinstance(before, Appended)
    assert isinstance(refused, Invalid)
    assert isinstance(after, Appended)
    assert (before.message.seq, after.message.seq) == (3, 4)


def test_a_refused_draft_leaves_the_callers_transaction_usable(
    bob: User, room: RoomPayload
) -> None:
    with pytest.raises(Invalid):
        append_one(Draft(room.id, acting(bob), "\x00"))
    assert append_one(Draft(room.id, acting(bob), "next")).message.seq == 3
