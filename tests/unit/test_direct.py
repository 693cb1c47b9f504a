"""Direct rooms, one for each pair; groups; and finding people."""

from functools import partial

import pytest

from accounts.models import User
from chat import queries
from chat.actions.direct import create_group, open_direct
from chat.actions.members import add_member
from chat.actions.memberships import join_room, leave_room
from chat.actions.rooms import delete_room, update_room
from chat.errors import RoomNotFound, UserNotFound
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope
from core.errors import Forbidden, Invalid
from tests.people import acting, person

from .envelopes import logged, to_everybody, to_person
from .threads import at_once

committing = pytest.mark.django_db(transaction=True)


@pytest.fixture
def direct(alice: User, bob: User) -> RoomPayload:
    return open_direct(acting(alice), "bob")[0]


def test_direct_room_has_two_equal_members(
    alice: User, bob: User, direct: RoomPayload
) -> None:
    assert (direct.kind, direct.name, direct.role) == ("direct", "", "member")
    assert logged(direct) == [{"type": "room.created"}]
    members = queries.members.members(acting(bob), direct.id)
    assert [(m.user.username, m.role) for m in members] == [
        ("alice", "member"),
        ("bob", "member"),
    ]
    assert append_one(Draft(direct.id, acting(bob), "hello", "1")).message.seq == 2


def test_each_pair_has_one(
    alice: User, bob: User, charlie: User, direct: RoomPayload
) -> None:
    for user, reference in ((alice, str(bob.pk)), (bob, "ALICE"), (bob, str(alice.pk))):
        room, made = open_direct(acting(user), reference)
        assert (room, made) == (direct, False)
    room, made = open_direct(acting(charlie), "bob")
    assert made
    assert room.id != direct.id
    assert Message.objects.count() == 2


@committing
def test_both_are_told(alice: User, bob: User, published: list[Envelope]) -> None:
    made, _ = open_direct(acting(alice), "bob")
    for user in (alice, bob):
        [told] = to_person(published, user)
        assert (told["type"], told["room"]["id"]) == ("room.added", made.id)
        assert (told["room"]["role"], told["room"]["head_seq"]) == ("member", 1)
    assert to_everybody(published) == []
    published.clear()
    open_direct(acting(bob), "alice")
    assert published == []


@pytest.mark.parametrize("reference", ["alice", "ALICE", "id"])
def test_not_with_yourself(alice: User, reference: str) -> None:
    called = str(alice.pk) if reference == "id" else reference
    with pytest.raises(Invalid):
        open_direct(acting(alice), called)
    with pytest.raises(Invalid):
        create_group(acting(alice), [called])
    assert not Room.objects.exists()


@pytest.mark.parametrize("reference", ["nobody", "", "b", "a\0", "é", "%", "\u212a"])
def test_not_with_nobody(alice: User, bob: User, reference: str) -> None:
    with pytest.raises(UserNotFound):
        open_direct(acting(alice), reference)
    with pytest.raises(UserNotFound):
        create_group(acting(alice), ["bob", reference])
    assert not Room.objects.exists()


def test_not_with_who_is_gone(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for reference in ("bob", str(bob.pk)):
        with pytest.raises(UserNotFound):
            open_direct(acting(alice), reference)


def test_direct_room_is_hidden_from_others(
    charlie: User, dora: User, direct: RoomPayload
) -> None:
    for user in (charlie, dora):
        for attempt in (
            queries.rooms.room,
            queries.members.members,
            join_room,
            leave_room,
        ):
            with pytest.raises(RoomNotFound):
                attempt(acting(user), direct.id)
        assert queries.directory.directory(acting(user)).rooms == []


def test_nobody_changes_leaves_or_fills_a_direct_room(
    alice: User, bob: User, charlie: User, direct: RoomPayload
) -> None:
    for user in (alice, bob):
        for attempt in (
            partial(leave_room, acting(user), direct.id),
            partial(delete_room, acting(user), direct.id),
            partial(update_room, acting(user), direct.id, {"name": "ours"}),
            partial(add_member, acting(user), direct.id, "charlie"),
        ):
            with pytest.raises(Forbidden):
                attempt()
    assert Membership.objects.count() == 2
    assert len(logged(direct)) == 1


@committing
def test_opened_many_times_at_once_it_is_one_room(alice: User, bob: User) -> None:
    jobs = [
        partial(open_direct, acting(alice), "bob"),
        partial(open_direct, acting(bob), "alice"),
    ]
    outcomes = at_once(jobs * 4)
    opened = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    assert len(opened) == 8
    assert len({room.id for room, _ in opened}) == 1
    assert sum(made for _, made in opened) == 1
    assert (Room.objects.count(), Membership.objects.count()) == (1, 2)
    assert Message.objects.get().seq == 1


@committing
def test_group_belongs_to_its_maker(
    alice: User, bob: User, charlie: User, published: list[Envelope]
) -> None:
    group = create_group(acting(alice), ["bob", str(charlie.pk), "BOB", str(bob.pk)])
    assert (group.kind, group.name, group.role) == ("group", "", "owner")
    members = queries.members.members(acting(charlie), group.id)
    assert [(m.user.username, m.role) for m in members] == [
        ("alice", "owner"),
        ("bob", "member"),
        ("charlie", "member"),
    ]
    told = [to_person(published, user) for user in (alice, bob, charlie)]
    assert [event["room"]["role"] for [event] in told] == ["owner", "member", "member"]
    assert to_everybody(published) == []


def test_same_people_may_have_several_groups(alice: User, bob: User) -> None:
    groups = {create_group(acting(alice), ["bob"]).id for _ in range(2)}
    assert len(groups) == 2


def test_group_is_hidden_named_and_left(
    alice: User, bob: User, dora: User, charlie: User
) -> None:
    group = create_group(acting(alice), ["bob", "charlie"])
    with pytest.raises(RoomNotFound):
        join_room(acting(dora), group.id)
    assert update_room(acting(alice), group.id, {"name": "us"}).name == "us"
    assert leave_room(acting(bob), group.id).role is None
    with pytest.raises(RoomNotFound):
        queries.rooms.room(acting(bob), group.id)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("bo", ["bob"]),
        ("BO", ["bob"]),
        ("robert", ["bob"]),
        ("ob", []),
        ("%", []),
        ("_", []),
        ("alice", []),
        ("gone", []),
        ("bob ", ["bob"]),
    ],
)
def test_people_are_found_by_how_their_names_begin(
    alice: User, bob: User, search: str, found: list[str]
) -> None:
    User.objects.filter(pk=bob.pk).update(display_name="Robert")
    User.objects.filter(pk=person("gone").pk).update(is_active=False)
    people = queries.people.users(acting(alice), search)
    assert [user.username for user in people] == found


def test_at_most_twenty_people_are_found(alice: User) -> None:
    for number in range(25):
        person(f"erin-{number:02}")
    found = [user.username for user in queries.people.users(acting(alice), "erin")]
    assert found == [f"erin-{number:02}" for number in range(20)]
