"""Making, changing and deleting rooms: what is stored, logged and announced."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.access.rooms import access_named
from chat.actions import rooms
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import send_message
from chat.actions.reactions import add_reaction
from chat.actions.rooms import create_room, delete_room, get_or_create_room, update_room
from chat.errors import RoomNotFound
from chat.events import encode
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Ban, Membership, Mention, Message, Reaction, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope, RoomGone
from core.errors import Conflict, Forbidden
from tests.people import acting, room_of

from .envelopes import logged, to_everybody, to_person

committing = pytest.mark.django_db(transaction=True)


def shown(room: RoomPayload) -> dict[str, Any]:
    """As everybody is told of it: nothing that is one reader's own."""
    own = {"role": None, "notify": None, "muted_until": None, "read": None}
    return {**json.loads(encode(room)), **own}


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
def test_owner_changes_everything(
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


def test_each_kind_of_change_is_a_message(alice: User, room: RoomPayload) -> None:
    changes = {"name": "lobby", "topic": "t", "notices": False, "archived": True}
    assert update_room(acting(alice), room.id, changes).head_seq == 6
    assert [event["type"] for event in logged(room, after=2)] == [
        "room.renamed",
        "room.topic_changed",
        "room.settings_changed",
        "room.archived",
    ]


@committing
def test_what_is_as_wished_already_stays_silent(
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


def test_archived_room_is_restored(alice: User, bob: User, room: RoomPayload) -> None:
    update_room(acting(alice), room.id, {"archived": True})
    with pytest.raises(Forbidden):
        append_one(Draft(room.id, acting(bob), "hello", "1"))
    assert update_room(acting(alice), room.id, {"archived": False}).archived_at is None
    assert logged(room, after=3) == [{"type": "room.restored"}]
    assert append_one(Draft(room.id, acting(bob), "hello", "1")).message.seq == 5


def test_archived_room_is_not_joined_but_left(
    alice: User, bob: User, charlie: User, room: RoomPayload
) -> None:
    update_room(acting(alice), room.id, {"archived": True})
    with pytest.raises(Forbidden):
        join_room(acting(charlie), room.id)
    assert leave_room(acting(bob), room.id).role is None
    assert Membership.objects.get().user == alice


def test_announcements_are_for_who_manages(
    alice: User, bob: User, room: RoomPayload
) -> None:
    update_room(acting(alice), room.id, {"announcements_only": True})
    assert append_one(Draft(room.id, acting(alice), "hear, hear", "1")).message.seq == 4
    with pytest.raises(Forbidden):
        append_one(Draft(room.id, acting(bob), "hello", "1"))


def test_moderator_changes_name_and_topic(moderator: User, room: RoomPayload) -> None:
    changed = update_room(acting(moderator), room.id, {"name": "lobby", "topic": "t"})
    assert (changed.name, changed.topic, changed.role) == ("lobby", "t", "moderator")


@pytest.mark.parametrize(
    "field", ["announcements_only", "notices", "slow_mode_seconds", "archived"]
)
def test_moderator_changes_nothing_else(
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


def test_owner_who_lost_the_flag_changes_nothing(
    dora: User, staff_room: RoomPayload
) -> None:
    # Only in the database: whoever asks may have come in before.
    User.objects.filter(pk=dora.pk).update(is_staff=False)
    with pytest.raises(RoomNotFound):
        update_room(acting(dora), staff_room.id, {"topic": "t"})
    with pytest.raises(RoomNotFound):
        delete_room(acting(dora), staff_room.id)
    assert Room.objects.filter(topic="").count() == 1


def test_taken_name_is_a_conflict(alice: User, room: RoomPayload) -> None:
    other = create_room(acting(alice), name="other")
    with pytest.raises(Conflict):
        update_room(acting(alice), other.id, {"name": "General", "topic": "t"})
    assert Room.objects.get(pk=other.id).topic == ""
    assert len(logged(other)) == 1


def test_room_may_change_the_case_of_its_name(alice: User, room: RoomPayload) -> None:
    assert update_room(acting(alice), room.id, {"name": "GENERAL"}).name == "GENERAL"


@committing
def test_making_a_public_room_tells_everybody_and_then_its_maker(
    alice: User, published: list[Envelope]
) -> None:
    room = create_room(acting(alice), name="lobby")
    assert to_everybody(published) == [{"type": "room.created", "room": shown(room)}]
    assert [event["type"] for event in to_person(published, alice)] == ["room.added"]
    assert len(published) == 3


@committing
def test_making_a_private_room_tells_its_maker_alone(
    alice: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    assert to_everybody(published) == []
    assert len(to_person(published, alice)) == 1


@committing
def test_staff_room_is_told_to_staff_alone(
    dora: User, staff_room: RoomPayload, published: list[Envelope]
) -> None:
    update_room(acting(dora), staff_room.id, {"topic": "t"})
    delete_room(acting(dora), staff_room.id)
    assert to_everybody(published) == []
    told = to_everybody(published, "staff")
    assert [event["type"] for event in told] == [
        "room.created",
        "room.updated",
        "room.deleted",
    ]


@committing
def test_change_of_a_public_room_is_told_to_everybody(
    alice: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    changed = update_room(acting(alice), room.id, {"topic": "t"})
    assert to_everybody(published) == [{"type": "room.updated", "room": shown(changed)}]
    assert len(published) == 2


@committing
def test_change_of_a_private_room_is_told_to_its_members(
    alice: User, bob: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    Membership.objects.create(room_id=private_room.id, user=bob)
    published.clear()
    changed = update_room(acting(alice), private_room.id, {"topic": "t"})
    event = {"type": "room.updated", "room": shown(changed)}
    assert to_person(published, alice) == to_person(published, bob) == [event]
    assert len(published) == 3


@committing
def test_member_who_lost_the_flag_is_told_nothing(
    dora: User, bob: User, published: list[Envelope]
) -> None:
    room = create_room(acting(dora), name="bunker", kind="private", staff_only=True)
    Membership.objects.create(room_id=room.id, user=bob)
    update_room(acting(dora), room.id, {"topic": "t"})
    assert to_person(published, bob) == []
    assert len(to_person(published, dora)) == 2


@committing
def test_deleting_leaves_nothing_and_tells_everybody(
    alice: User, bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    append_one(Draft(room.id, acting(bob), "hello", "1"))
    Ban.objects.create(room_id=room.id, user_id=alice.pk)
    published.clear()
    delete_room(acting(alice), room.id)
    for table in (Room, Membership, Message, Ban):
        assert not table.objects.exists()
    assert to_everybody(published) == [{"type": "room.deleted", "room": room.id}]


@committing
def test_deleting_a_private_room_tells_its_members(
    alice: User, bob: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    Membership.objects.create(room_id=private_room.id, user=bob)
    published.clear()
    delete_room(acting(alice), private_room.id)
    event = {"type": "room.deleted", "room": private_room.id}
    assert to_person(published, alice) == to_person(published, bob) == [event]
    assert published[2:] == [RoomGone(private_room.id)]


def test_only_owners_delete(moderator: User, charlie: User, room: RoomPayload) -> None:
    for user in (moderator, charlie):
        with pytest.raises(Forbidden):
            delete_room(acting(user), room.id)
    assert Room.objects.exists()


def test_name_of_a_deleted_room_is_free(alice: User, room: RoomPayload) -> None:
    delete_room(acting(alice), room.id)
    assert create_room(acting(alice), name="general").id != room.id


def test_first_visit_makes_the_room_and_later_ones_join_it(
    alice: User, bob: User
) -> None:
    made, created = get_or_create_room(acting(alice), name="lobby", topic="t")
    assert (created, made.role, made.topic) == (True, "owner", "t")
    joined, created = get_or_create_room(acting(bob), name="LOBBY", topic="other")
    assert (created, joined.id, joined.role) == (False, made.id, "member")
    assert joined.topic == "t"
    again, created = get_or_create_room(acting(bob), name="lobby")
    assert (created, again.head_seq) == (False, 2)


def test_room_one_is_banned_from_is_neither_joined_nor_made(
    charlie: User, room: RoomPayload
) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    with pytest.raises(Conflict):
        get_or_create_room(acting(charlie), name="general")
    assert not Membership.objects.filter(user=charlie).exists()


def test_name_of_a_staff_room_is_free_for_everybody_else(
    charlie: User, alice: User, staff_room: RoomPayload
) -> None:
    """Or `conflict` would tell that there is such a room."""
    made, created = get_or_create_room(acting(charlie), name="Bridge")
    assert (created, made.staff_only) == (True, False)
    with pytest.raises(Conflict):
        create_room(acting(alice), name="bridge")


def test_staff_only_rooms_have_different_names(
    dora: User, staff_room: RoomPayload
) -> None:
    with pytest.raises(Conflict):
        create_room(acting(dora), name="BRIDGE", staff_only=True)
    shadow = create_room(acting(dora), name="bridge")
    assert str(access_named(acting(dora), "bridge").room.pk) == shadow.id
    delete_room(acting(dora), shadow.id)
    assert str(access_named(acting(dora), "bridge").room.pk) == staff_room.id


@pytest.mark.parametrize("notices", [True, False])
def test_notices_are_marked_for_clients_to_hide(
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


def test_banned_person_does_not_join(charlie: User, room: RoomPayload) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    with pytest.raises(RoomNotFound):
        join_room(acting(charlie), room.id)
    assert not Membership.objects.filter(user=charlie).exists()


@pytest.mark.django_db(transaction=True)
def test_a_long_room_is_deleted_without_fetching_it(
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
