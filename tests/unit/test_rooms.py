"""Making, changing and deleting rooms: what is stored, logged and announced."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions import rooms
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import send_message
from chat.actions.reactions import add_reaction
from chat.actions.rooms import create_room, delete_room, update_room
from chat.errors import RoomNotFound
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Ban, Membership, Mention, Message, Reaction, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope
from core.errors import Conflict, Forbidden
from tests.people import acting, room_of

from .envelopes import logged

committing = pytest.mark.django_db(transaction=True)


@pytest.fixture
def moderator(bob: User, room: RoomPayload) -> User:
    Membership.objects.filter(user=bob).update(role="moderator")
    return bob


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"name": "lobby"}, {"type": "room.renamed", "name": "lobby"}),
        ({"topic": "Hi"}, {"type": "room.topic_changed", "topic": "Hi"}),
        ({"archived": True}, {"type": "room.archived"}),
        (
            {"announcements_only": True, "notices": False, "slow_mode_seconds": 9},
            {
                "type": "room.settings_changed",
                "announcements_only": True,
                "notices": False,
                "slow_mode_seconds": 9,
            },
        ),
    ],
)
def test_an_owner_changes_everything(
    alice: User, room: RoomPayload, changes: dict[str, Any], event: dict[str, Any]
) -> None:
    changed = update_room(acting(alice), room.id, changes)
    assert logged(room, after=2) == [event]
    assert (changed.role, changed.head_seq) == ("owner", 3)
    stored = Room.objects.get(pk=room.id)
    assert stored.head_seq == 3
    assert (stored.archived_at is not None) == ("archived" in changes)
    for field in changes.keys() - {"archived"}:
        assert getattr(changed, field) == getattr(stored, field) == changes[field]


def test_each_kind_of_change_is_a_message_of_its_own(
    alice: User, room: RoomPayload
) -> None:
    changes = {"name": "lobby", "topic": "t", "notices": False, "archived": True}
    assert update_room(acting(alice), room.id, changes).head_seq == 6
    assert [event["type"] for event in logged(room, after=2)] == [
        "room.renamed",
        "room.topic_changed",
        "room.settings_changed",
        "room.archived",
    ]


@committing
def test_a_change_to_what_is_already_set_writes_nothing(
    alice: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    changes = {"name": "general", "notices": True, "archived": False}
    assert update_room(acting(alice), room.id, changes).head_seq == 2
    assert published == []
    update_room(acting(alice), room.id, {"notices": True, "slow_mode_seconds": 5})
    assert logged(room, after=2) == [
        {"type": "room.settings_changed", "slow_mode_seconds": 5}
    ]


def test_an_owner_restores_an_archived_room(
    alice: User, bob: User, room: RoomPayload
) -> None:
    update_room(acting(alice), room.id, {"archived": True})
    with pytest.raises(Forbidden):
        append_one(Draft(room.id, acting(bob), "hello", "1"))
    assert update_room(acting(alice), room.id, {"archived": False}).archived_at is None
    assert logged(room, after=3) == [{"type": "room.restored"}]
    assert append_one(Draft(room.id, acting(bob), "hello", "1")).message.seq == 5


def test_members_leave_an_archived_room_and_nobody_joins_it(
    alice: User, bob: User, charlie: User, room: RoomPayload
) -> None:
    update_room(acting(alice), room.id, {"archived": True})
    with pytest.raises(Forbidden):
        join_room(acting(charlie), room.id)
    assert leave_room(acting(bob), room.id).role is None
    assert Membership.objects.get().user == alice


def test_only_owners_and_moderators_write_into_an_announcement_room(
    alice: User, bob: User, room: RoomPayload
) -> None:
    update_room(acting(alice), room.id, {"announcements_only": True})
    assert append_one(Draft(room.id, acting(alice), "hear, hear", "1")).message.seq == 4
    with pytest.raises(Forbidden):
        append_one(Draft(room.id, acting(bob), "hello", "1"))


def test_a_moderator_changes_name_and_topic(moderator: User, room: RoomPayload) -> None:
    changed = update_room(acting(moderator), room.id, {"name": "lobby", "topic": "t"})
    assert (changed.name, changed.topic, changed.role) == ("lobby", "t", "moderator")


@pytest.mark.parametrize(
    "field", ["announcements_only", "notices", "slow_mode_seconds", "archived"]
)
def test_a_moderator_changes_nothing_else(
    moderator: User, room: RoomPayload, field: str
) -> None:
    with pytest.raises(Forbidden):
        update_room(acting(moderator), room.id, {"topic": "t", field: 1})
    assert Room.objects.get().topic == ""
    assert logged(room, after=2) == []


def test_members_and_outsiders_change_nothing(
    bob: User, charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    for user in (bob, charlie):
        with pytest.raises(Forbidden):
            update_room(acting(user), room.id, {"topic": "t"})
    with pytest.raises(RoomNotFound):
        update_room(acting(charlie), private_room.id, {"topic": "t"})
    assert not Room.objects.filter(topic="t").exists()


def test_an_owner_who_is_staff_no_longer_changes_nothing(
    dora: User, staff_room: RoomPayload
) -> None:
    # Only in the database: whoever asks may have come in before.
    User.objects.filter(pk=dora.pk).update(is_staff=False)
    with pytest.raises(RoomNotFound):
        update_room(acting(dora), staff_room.id, {"topic": "t"})
    with pytest.raises(RoomNotFound):
        delete_room(acting(dora), staff_room.id)
    assert Room.objects.filter(topic="").count() == 1


def test_a_taken_name_is_a_conflict(alice: User, room: RoomPayload) -> None:
    other = create_room(acting(alice), name="other")
    with pytest.raises(Conflict):
        update_room(acting(alice), other.id, {"name": "General", "topic": "t"})
    assert Room.objects.get(pk=other.id).topic == ""
    assert len(logged(other)) == 1


def test_a_room_may_change_the_case_of_its_name(alice: User, room: RoomPayload) -> None:
    assert update_room(acting(alice), room.id, {"name": "GENERAL"}).name == "GENERAL"


def test_only_owners_delete_a_room(
    moderator: User, charlie: User, room: RoomPayload
) -> None:
    for user in (moderator, charlie):
        with pytest.raises(Forbidden):
            delete_room(acting(user), room.id)
    assert Room.objects.exists()


def test_the_name_of_a_deleted_room_is_free(alice: User, room: RoomPayload) -> None:
    delete_room(acting(alice), room.id)
    assert create_room(acting(alice), name="general").id != room.id


@pytest.mark.parametrize("notices", [True, False])
def test_a_room_without_notices_marks_joining_and_leaving_as_quiet(
    alice: User, charlie: User, room: RoomPayload, notices: bool
) -> None:
    Room.objects.update(notices=notices)
    join_room(acting(charlie), room.id)
    leave_room(acting(charlie), room.id)
    quiet = {} if notices else {"quiet": True}
    assert logged(room, after=2) == [
        {"type": "member.joined", "user": str(charlie.pk), **quiet},
        {"type": "member.left", "user": str(charlie.pk), **quiet},
    ]


def test_a_banned_person_does_not_join(charlie: User, room: RoomPayload) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    with pytest.raises(RoomNotFound):
        join_room(acting(charlie), room.id)
    assert not Membership.objects.filter(user=charlie).exists()


@pytest.mark.django_db(transaction=True)
def test_a_long_room_is_deleted_without_reading_its_messages(
    alice: User, bob: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In steps, each of which the database has time for; other rooms keep theirs."""
    monkeypatch.setattr(rooms, "_DELETED_AT_ONCE", 2)
    other = room_of(alice, bob, name="other")
    for one in (room, other):
        for n in range(5):
            sent = send_message(acting(alice), one.id, client_id=str(n), body="@bob")
            add_reaction(acting(bob), one.id, sent.message.seq, emoji="👍")
    kept = [model.objects.count() // 2 for model in (Message, Reaction, Mention)]
    with CaptureQueriesContext(connection) as queries:
        delete_room(acting(alice), room.id)
    assert [model.objects.count() for model in (Message, Reaction, Mention)] == kept
    deletes = [q["sql"] for q in queries if 'DELETE FROM "chat_message"' in q["sql"]]
    assert len(deletes) > 2
    # By their numbers, never by keys that were fetched before.
    assert all('"seq"' in sql and " IN (" not in sql for sql in deletes)
