"""A page of a room's log: which messages, and whether there are more on either side."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import queries
from chat.errors import RoomNotFound
from chat.events import encode
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Message, Reaction
from chat.payloads.messages import HistoryPayload, ReactionPayload
from chat.payloads.rooms import RoomPayload
from core.errors import Forbidden
from core.limits.table import LIMITS, MAX_REPLY_BYTES
from tests.people import acting, person

Read = Callable[..., HistoryPayload]


@pytest.fixture
def read(alice: User, room: RoomPayload) -> Read:
    """alice reads her room, whose log goes from 1 to 12."""
    append([Draft(room.id, acting(alice), f"{seq}") for seq in range(3, 13)])
    return lambda **cursor: queries.messages.history(acting(alice), room.id, **cursor)


def page(history: HistoryPayload) -> tuple[list[int], bool, bool]:
    numbers = [message.seq for message in history.messages]
    return numbers, history.has_before, history.has_after


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        ({}, ([*range(1, 13)], False, False)),
        ({"limit": 3}, ([10, 11, 12], True, False)),
        ({"limit": 12}, ([*range(1, 13)], False, False)),
        ({"before": 12, "limit": 3}, ([9, 10, 11], True, True)),
        ({"before": 4, "limit": 3}, ([1, 2, 3], False, True)),
        ({"before": 2, "limit": 3}, ([1], False, True)),
        ({"before": 99, "limit": 2}, ([11, 12], True, False)),
        ({"before": 2**63, "limit": 2}, ([11, 12], True, False)),
        ({"after": 0, "limit": 3}, ([1, 2, 3], False, True)),
        ({"after": 9, "limit": 3}, ([10, 11, 12], True, False)),
        ({"after": 5, "limit": 3}, ([6, 7, 8], True, True)),
        ({"after": 11, "limit": 3}, ([12], True, False)),
        ({"around": 6, "limit": 4}, ([4, 5, 6, 7], True, True)),
        ({"around": 6, "limit": 5}, ([4, 5, 6, 7, 8], True, True)),
        ({"around": 6, "limit": 1}, ([6], True, True)),
        ({"around": 1, "limit": 4}, ([1, 2, 3, 4], False, True)),
        ({"around": 12, "limit": 4}, ([10, 11, 12], True, False)),
    ],
)
def test_a_page_has_the_messages_that_its_cursor_asks_for(
    read: Read, cursor: dict[str, int], expected: tuple[list[int], bool, bool]
) -> None:
    assert page(read(**cursor)) == expected


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        # Nothing there, but everything lies on the other side of the cursor.
        ({"before": 0}, ([], False, True)),
        ({"before": 1}, ([], False, True)),
        ({"after": 12}, ([], True, False)),
        ({"after": 99}, ([], True, False)),
        ({"after": 2**63}, ([], True, False)),
    ],
)
def test_an_empty_page_says_on_which_side_there_are_messages(
    read: Read, cursor: dict[str, int], expected: tuple[list[int], bool, bool]
) -> None:
    assert page(read(**cursor)) == expected


def test_a_number_without_a_message_is_no_message_on_a_side(read: Read) -> None:
    Message.objects.filter(seq__in=[1, 2, 6]).delete()
    assert page(read(before=4)) == ([3], False, True)
    assert page(read(after=5, limit=2)) == ([7, 8], True, True)


def test_a_page_has_messages_of_its_own_room_alone(
    read: Read, alice: User, private_room: RoomPayload
) -> None:
    append([Draft(private_room.id, acting(alice), "secret")])
    assert {message.room for message in read().messages} != {private_room.id}
    assert "secret" not in encode(read())


def test_only_members_read_the_history(
    charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    with pytest.raises(Forbidden):
        queries.messages.history(acting(charlie), room.id)
    with pytest.raises(RoomNotFound):
        queries.messages.history(acting(charlie), private_room.id)


@pytest.fixture
def long_messages(alice: User, room: RoomPayload) -> None:
    body = "🌊" * LIMITS.message_characters
    append([Draft(room.id, acting(alice), body) for _ in range(100)])


@pytest.mark.usefixtures("long_messages")
@pytest.mark.parametrize("cursor", [{}, {"after": 2}, {"around": 52}])
def test_a_page_of_long_messages_is_cut(
    alice: User, room: RoomPayload, cursor: dict[str, int]
) -> None:
    history = queries.messages.history(acting(alice), room.id, **cursor, limit=100)
    assert len(encode(history).encode()) <= MAX_REPLY_BYTES
    assert len(history.messages) > 10


@pytest.mark.usefixtures("long_messages")
def test_cut_pages_join_without_a_gap(alice: User, room: RoomPayload) -> None:
    seen: list[int] = []
    last = 0
    while True:
        history = queries.messages.history(
            acting(alice), room.id, after=last, limit=100
        )
        seen += [message.seq for message in history.messages]
        last = seen[-1]
        if not history.has_after:
            break
    assert seen == list(range(1, 103))


@pytest.mark.usefixtures("long_messages")
def test_a_page_around_a_message_holds_it_however_long_the_others_are(
    alice: User, room: RoomPayload
) -> None:
    history = queries.messages.history(acting(alice), room.id, around=52, limit=100)
    numbers = [message.seq for message in history.messages]
    assert 52 in numbers
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_a_message_counts_with_its_length_on_the_wire(
    alice: User, room: RoomPayload
) -> None:
    body = '"' * LIMITS.message_characters
    append([Draft(room.id, acting(alice), body) for _ in range(100)])
    history = queries.messages.history(acting(alice), room.id, limit=100)
    assert len(encode(history).encode()) <= MAX_REPLY_BYTES


@pytest.mark.parametrize(
    ("cursor", "count"), [({}, 2), ({"before": 9}, 2), ({"after": 3}, 2)]
)
def test_a_larger_page_takes_no_more_queries(
    read: Read,
    room: RoomPayload,
    cursor: dict[str, int],
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    users = [person(f"reader-{number}") for number in range(5)]
    for message in Message.objects.filter(room_id=room.id):
        for user in users:
            Reaction.objects.create(message=message, user=user, emoji="👍")
    for limit in (1, 5):
        with django_assert_num_queries(count):
            assert len(read(**cursor, limit=limit).messages) == limit


def test_reactions_come_in_the_order_in_which_they_were_added(
    read: Read, alice: User, room: RoomPayload
) -> None:
    message = Message.objects.get(room_id=room.id, seq=5)
    dora, erin = person("dora"), person("erin")
    for user, emoji in ((erin, "🦊"), (dora, "👍"), (dora, "🦊")):
        Reaction.objects.create(message=message, user=user, emoji=emoji)
    [shown] = read(around=5, limit=1).messages
    assert shown.reactions == [
        ReactionPayload("🦊", 2, [str(erin.pk), str(dora.pk)]),
        ReactionPayload("👍", 1, [str(dora.pk)]),
    ]
