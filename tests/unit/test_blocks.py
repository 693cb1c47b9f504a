"""A blocked person does not find the one who blocked them."""

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import queries
from chat.actions.blocks import block, unblock
from chat.actions.direct import create_group, open_direct
from chat.actions.members import add_member
from chat.actions.messages import delete_message, edit_message, send_message
from chat.actions.reactions import add_reaction
from chat.errors import UserNotFound
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Block, Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope
from core.errors import Invalid, Refusal
from tests.people import acting, person

from .envelopes import to_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def direct(alice: User, bob: User) -> RoomPayload:
    """Both have written: seq 2 is alice's, 3 is bob's. Then alice blocks bob."""
    room, _ = open_direct(acting(alice), "bob")
    for user in (alice, bob):
        send_message(acting(user), room.id, client_id="1", body="hello")
    block(acting(alice), str(bob.pk))
    return room


def usernames(user: User) -> list[str]:
    return [blocked.username for blocked in queries.blocks.blocks(acting(user))]


def test_blocking_and_unblocking_twice_is_fine(
    alice: User, bob: User, published: list[Envelope]
) -> None:
    for _ in range(2):
        block(acting(alice), str(bob.pk))
        assert usernames(alice) == ["bob"]
    assert usernames(bob) == []
    for _ in range(2):
        unblock(acting(alice), str(bob.pk))
        assert usernames(alice) == []
    assert to_person(published, alice) == [
        {"type": "blocks.changed", "blocked": [str(bob.pk)]},
        {"type": "blocks.changed", "blocked": []},
    ]
    assert to_person(published, bob) == []


def test_oneself_is_not_blocked(alice: User) -> None:
    with pytest.raises(Invalid):
        block(acting(alice), str(alice.pk))
    assert not Block.objects.exists()


@pytest.mark.parametrize("change", [block, unblock])
def test_nobody_is_not_found(alice: User, change: type) -> None:
    guest = person("passer-by", is_guest=True)
    for user_id in ("nonsense", "bob", "0" * 36, str(guest.pk)):
        with pytest.raises(UserNotFound):
            change(acting(alice), user_id)


def test_a_deleted_person_can_be_unblocked(alice: User, bob: User) -> None:
    block(acting(alice), str(bob.pk))
    User.objects.filter(pk=bob.pk).update(is_active=False)
    unblock(acting(alice), str(bob.pk))
    assert usernames(alice) == []


def test_list_needs_one_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [person(f"erin-{number}") for number in range(9)]
    for erin in reversed(people):
        block(acting(alice), str(erin.pk))
    with django_assert_num_queries(1):
        assert usernames(alice) == [erin.username for erin in people]


@pytest.mark.parametrize("has_room", [True, False])
def test_the_blocked_cannot_open_their_room(
    alice: User, bob: User, has_room: bool
) -> None:
    if has_room:
        open_direct(acting(alice), "bob")
    block(acting(alice), str(bob.pk))
    for reference in ("alice", str(alice.pk)):
        with pytest.raises(UserNotFound):
            open_direct(acting(bob), reference)
    assert Room.objects.count() == has_room
    room, made = open_direct(acting(alice), "bob")
    assert (room.role, made) == ("member", not has_room)


def test_the_blocked_write_nothing_into_it(
    alice: User, bob: User, direct: RoomPayload
) -> None:
    with pytest.raises(UserNotFound):
        send_message(acting(bob), direct.id, client_id="2", body="listen!")
    with pytest.raises(UserNotFound):
        edit_message(acting(bob), direct.id, 3, body="listen!")
    with pytest.raises(UserNotFound):
        add_reaction(acting(bob), direct.id, 2, emoji="👍")
    assert Room.objects.get().head_seq == 3
    # They may take back what they wrote, and learn that it was written.
    again = send_message(acting(bob), direct.id, client_id="1", body="hello")
    assert again.duplicate
    assert delete_message(acting(bob), direct.id, 3).message.body == ""


def test_the_person_who_blocks_may_still_write(
    alice: User, bob: User, direct: RoomPayload
) -> None:
    sent = send_message(acting(alice), direct.id, client_id="2", body="Leave me alone.")
    assert sent.message.seq == 4
    page = queries.messages.history(acting(bob), direct.id)
    assert [message.seq for message in page.messages] == [1, 2, 3, 4]


def test_unblocked_they_write_again(
    alice: User, bob: User, direct: RoomPayload
) -> None:
    unblock(acting(alice), str(bob.pk))
    assert (
        send_message(acting(bob), direct.id, client_id="2", body="Sorry.").message.seq
        == 4
    )


def test_group_with_who_blocked_one_is_not_made(
    alice: User, bob: User, charlie: User
) -> None:
    block(acting(alice), str(bob.pk))
    with pytest.raises(UserNotFound):
        create_group(acting(bob), ["charlie", "alice"])
    assert not Room.objects.exists()
    assert create_group(acting(alice), ["charlie", "bob"]).role == "owner"


def test_nobody_adds_a_person_who_blocked_them(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    block(acting(charlie), str(alice.pk))
    with pytest.raises(UserNotFound):
        add_member(acting(alice), private_room.id, "charlie")
    assert Membership.objects.count() == 1


def test_in_other_rooms_the_blocked_write_as_before(
    alice: User, bob: User, room: RoomPayload
) -> None:
    block(acting(alice), str(bob.pk))
    assert (
        send_message(acting(bob), room.id, client_id="1", body="hello").message.seq == 3
    )


def test_one_bad_draft_fails_alone(
    alice: User, bob: User, direct: RoomPayload, room: RoomPayload
) -> None:
    drafts = [
        Draft(direct.id, acting(alice), "one", "a"),
        Draft(direct.id, acting(bob), "two", "b"),
        Draft(room.id, acting(bob), "three", "c"),
    ]
    outcomes = append(drafts)
    assert [isinstance(o, Refusal) for o in outcomes] == [False, True, False]
    assert isinstance(outcomes[1], UserNotFound)
    assert Message.objects.filter(body="two").count() == 0


def test_blocks_cost_no_query_of_their_own(
    alice: User,
    bob: User,
    charlie: User,
    direct: RoomPayload,
    room: RoomPayload,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    other, _ = open_direct(acting(alice), "charlie")
    with django_assert_num_queries(6):
        append([Draft(room.id, acting(alice), "x", "1")])
    with django_assert_num_queries(6):
        append([Draft(direct.id, acting(alice), "x", "2")])
    drafts = [
        Draft(r.id, acting(alice), "x", f"{r.id}-{n}")
        for n in range(5)
        for r in (room, direct, other)
    ]
    with django_assert_num_queries(6):
        append(drafts)
