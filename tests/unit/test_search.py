"""Searching: what is found, by whom, in what order and how it is shown."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.actions.bans import ban
from chat.actions.members import remove_member
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import delete_message, edit_message
from chat.errors import RoomNotFound
from chat.log.append import append, append_one
from chat.log.draft import Draft
from chat.models import Membership, Message, Reaction
from chat.payloads.messages import SearchPayload
from chat.payloads.rooms import RoomPayload
from chat.queries.search import matching, search
from core.errors import Forbidden, Invalid
from tests.people import NOBODY, acting

from .found import bodies, found_by


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("red", ["a RED hen", "The red fox"]),
        ("HEN", ["a blue hen", "a RED hen"]),
        ("hen red", ["a RED hen"]),
        ("red -hen", ["The red fox"]),
        ("hen -red", ["a blue hen"]),
        ("hen -hen", []),
        ("green", []),
        ("fox!?", ["The red fox"]),
        ("general", []),
    ],
)
def test_every_word_is_in_what_is_found(bob: User, q: str, expected: list[str]) -> None:
    assert found_by(bob, q) == expected


@pytest.mark.parametrize("written", ["café", "cafe\u0301", "Café"])
def test_letters_outside_ascii(alice: User, room: RoomPayload, written: str) -> None:
    append_one(Draft(room.id, acting(alice), "Meet me at the café"))
    [hit] = search(acting(alice), q=written).hits
    start, end = hit.highlights[0]
    assert hit.snippet[start:end] == "café"


def test_outsider_finds_nothing(
    alice: User,
    charlie: User,
    talk: RoomPayload,
    private_room: RoomPayload,
) -> None:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    assert found_by(alice, "red")[0] == "a red secret"
    assert found_by(charlie, "red") == []
    with pytest.raises(RoomNotFound):
        search(acting(charlie), q="red", room=private_room.id)
    with pytest.raises(Forbidden):
        search(acting(charlie), q="red", room=talk.id)


@pytest.mark.parametrize("room_id", ["nonsense", NOBODY, "\0", ""])
def test_no_such_room(bob: User, room_id: str) -> None:
    with pytest.raises(RoomNotFound):
        search(acting(bob), q="red", room=room_id)


def test_member_of_one_private_room_finds_nothing_of_another(
    alice: User, bob: User, talk: RoomPayload, private_room: RoomPayload
) -> None:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    assert found_by(bob, "secret") == []
    assert found_by(bob, "red") == ["a RED hen", "The red fox"]


@pytest.mark.parametrize("how", ["left", "removed", "banned"])
def test_who_is_out_of_the_room_finds_nothing(
    alice: User, bob: User, talk: RoomPayload, how: str
) -> None:
    out: dict[str, Callable[[], object]] = {
        "left": lambda: leave_room(acting(bob), talk.id),
        "removed": lambda: remove_member(acting(alice), talk.id, str(bob.pk)),
        "banned": lambda: ban(acting(alice), talk.id, str(bob.pk)),
    }
    out[how]()
    assert found_by(bob, "red") == []
    with pytest.raises(Forbidden if how != "banned" else RoomNotFound):
        search(acting(bob), q="red", room=talk.id)


def test_who_lost_the_flag_finds_nothing(dora: User, staff_room: RoomPayload) -> None:
    append_one(Draft(staff_room.id, acting(dora), "a red secret"))
    assert found_by(dora, "secret") == ["a red secret"]
    dora.is_staff = False
    assert found_by(dora, "secret") == []
    with pytest.raises(RoomNotFound):
        search(acting(dora), q="secret", room=staff_room.id)


def test_staff_flag_alone_opens_no_room(
    alice: User, dora: User, private_room: RoomPayload
) -> None:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    assert found_by(dora, "secret") == []


def test_deleted_is_not_found(alice: User, bob: User, talk: RoomPayload) -> None:
    delete_message(acting(alice), talk.id, 3)
    assert found_by(bob, "fox") == []
    # Not by its flag alone either, should its text still be there.
    Message.objects.filter(seq=4).update(deleted_at=timezone.now())
    assert found_by(bob, "red") == []


def test_edited_is_found_as_it_is_now(
    alice: User, bob: User, talk: RoomPayload
) -> None:
    edit_message(acting(alice), talk.id, 3, body="the green fox")
    assert found_by(bob, "fox") == ["the green fox"]
    assert found_by(bob, "red fox") == []


def test_system_messages_are_not_found(bob: User, talk: RoomPayload) -> None:
    Message.objects.filter(kind="system").update(body="red")
    assert found_by(bob, "red") == ["a RED hen", "The red fox"]


def test_filter_by_sender(alice: User, bob: User, talk: RoomPayload) -> None:
    assert found_by(bob, "red", sender=str(alice.pk)) == ["The red fox"]
    assert found_by(bob, "red", sender=str(bob.pk)) == ["a RED hen"]
    for nobody in (str(uuid4()), "nonsense", "alice", "\0"):
        assert found_by(bob, "red", sender=nobody) == []


def test_filter_by_room(
    alice: User, talk: RoomPayload, private_room: RoomPayload
) -> None:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    assert found_by(alice, "red", room=private_room.id) == ["a red secret"]
    assert found_by(alice, "red", room=talk.id) == ["a RED hen", "The red fox"]


def test_filter_by_time(bob: User, talk: RoomPayload) -> None:
    noon = timezone.now() - timedelta(days=1)
    Message.objects.filter(seq=3).update(created_at=noon)
    later = noon + timedelta(seconds=1)
    assert found_by(bob, "red", after=noon, before=later) == ["The red fox"]
    assert found_by(bob, "red", after=later) == ["a RED hen"]
    assert found_by(bob, "red", before=noon) == []


def test_pages_are_whole_and_without_doubles(alice: User, room: RoomPayload) -> None:
    append([Draft(room.id, acting(alice), f"red {n}") for n in range(7)])
    pages, cursor = [], None
    while True:
        page = search(acting(alice), q="red", cursor=cursor, limit=3)
        pages.append(bodies(page))
        append_one(Draft(room.id, acting(alice), "red, written in between"))
        if (cursor := page.next) is None:
            break
    expected = [f"red {n}" for n in reversed(range(7))]
    assert pages == [expected[:3], expected[3:6], expected[6:]]


def test_last_page_that_is_full_has_no_next(bob: User, talk: RoomPayload) -> None:
    assert search(acting(bob), q="red", limit=2).next is None
    assert search(acting(bob), q="red", limit=1).next is not None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "1 ", "٣", "9" * 19, "\0"])
def test_cursor_that_is_none(bob: User, cursor: str) -> None:
    with pytest.raises(Invalid):
        search(acting(bob), q="red", cursor=cursor)


@pytest.mark.parametrize(
    "q",
    [
        "",
        " ",
        "%",
        "_",
        "\\",
        '"',
        "'",
        "🎉",
        "-red",
        '-"red hen',
        "x" * 201,
        "a\0",
        "a\ud800",
    ],
)
def test_without_a_word_there_is_nothing_to_look_for(bob: User, q: str) -> None:
    with pytest.raises(Invalid):
        search(acting(bob), q=q)


HOSTILE = [
    "red%",
    "re_d",
    "red\\",
    "red'",
    'red"',
    "'; DROP TABLE chat_message; -- x",
    "red & | ! <-> :* (",
    "red:*",
    "%s %d {0} %(q)s",
    "a" * 200,
    "or or or",
    "x " * 100,
    "-" * 199 + "x",
    '"' * 199 + "x",
]


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize("q", HOSTILE)
def test_hostile_words_are_words(bob: User, q: str) -> None:
    try:
        found = found_by(bob, q)
    except Invalid:
        return
    assert set(found) <= {"a RED hen", "The red fox"}


def test_wildcards_find_nothing_more(alice: User, room: RoomPayload) -> None:
    append(
        [Draft(room.id, acting(alice), body) for body in ("100 percent", "1x0", "10")]
    )
    assert found_by(alice, "1_0") == []
    assert found_by(alice, "1%0 1x0 %") == []
    assert found_by(alice, "100%") == ["100 percent"]


def test_short_text_is_its_own_snippet(bob: User, talk: RoomPayload) -> None:
    [hit] = search(acting(bob), q="fox red").hits
    assert (hit.snippet, hit.highlights) == ("The red fox", [(4, 7), (8, 11)])
    assert hit.message.seq == 3


def test_long_text_is_cut_around_its_first_hit(alice: User, room: RoomPayload) -> None:
    append_one(
        Draft(room.id, acting(alice), "so long " * 100 + "needle" + "\nand on" * 100)
    )
    [hit] = search(acting(alice), q="needle").hits
    [(start, end)] = hit.highlights
    assert hit.snippet[start:end] == "needle"
    assert (hit.snippet[0], hit.snippet[-1]) == ("…", "…")
    assert len(hit.snippet) <= 202
    assert "\n" not in hit.snippet


def test_snippet_is_plain_text_and_counts_characters(
    alice: User, room: RoomPayload
) -> None:
    append_one(Draft(room.id, acting(alice), "🎉🎉 <b>party</b>"))
    [hit] = search(acting(alice), q="party").hits
    assert (hit.snippet, hit.highlights) == ("🎉🎉 <b>party</b>", [(6, 11)])


def test_search_is_five_queries_however_much_is_found(
    alice: User,
    bob: User,
    room: RoomPayload,
    private_room: RoomPayload,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    append([Draft(room.id, acting(bob), f"red {n}") for n in range(60)])
    for message in Message.objects.filter(kind="user"):
        Reaction.objects.create(message=message, user=bob, emoji="👍")
    for limit in (1, 50):
        with django_assert_num_queries(5):
            assert len(search(acting(alice), q="red", limit=limit).hits) == limit


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    said=st.lists(st.sampled_from(["red", "blue", "red blue", "hen"]), max_size=40),
    q=st.sampled_from(["red", "red blue", "absent", "red -blue", "red or -blue"]),
    limit=st.integers(1, 3),
    sizes=st.tuples(*[st.integers(1, 8)] * 4),
)
def test_pages_together_are_everything_wherever_reading_stops(
    alice: User,
    room: RoomPayload,
    said: list[str],
    q: str,
    limit: int,
    sizes: tuple[int, ...],
) -> None:
    """Words that are common and words that are not, as far as these sizes go."""
    Message.objects.all().delete()
    Message.objects.bulk_create(
        Message(room_id=room.id, seq=n, rev=n, body=body)
        for n, body in enumerate(said, 1)
    )
    everything = found_by(alice, q)
    with pytest.MonkeyPatch.context() as patch:
        names = ("GLANCE", "STEP", "MOST_STEPS", "MOST_MATCHES")
        for name, size in zip(names, sizes, strict=True):
            patch.setattr(matching, name, size)
        page = search(acting(alice), q=q, limit=limit)
        found = bodies(page)
        while page.next is not None:
            page = search(acting(alice), q=q, limit=limit, cursor=page.next)
            assert len(page.hits) <= limit
            found += bodies(page)
    assert found == everything


def test_in_one_room_it_is_six(
    bob: User, talk: RoomPayload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(6):
        search(acting(bob), q="red", room=talk.id, limit=1)


def test_person_without_rooms_finds_nothing(charlie: User, talk: RoomPayload) -> None:
    assert not Membership.objects.filter(user=charlie).exists()
    assert search(acting(charlie), q="red") == SearchPayload([], None)
    join_room(acting(charlie), talk.id)
    assert found_by(charlie, "fox") == ["The red fox"]
