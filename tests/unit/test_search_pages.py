"""Searching: pages of hits, how a hit is shown, and what a search costs."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.log.append import append, append_one
from chat.log.draft import Draft
from chat.models import Message, Reaction
from chat.payloads.rooms import RoomPayload
from chat.queries.search import matching, search
from core.errors import Invalid
from tests.people import acting

from .found import bodies, found_by


def test_pages_have_every_message_once_while_others_are_written(
    alice: User, room: RoomPayload
) -> None:
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


def test_a_full_last_page_has_no_next(bob: User, talk: RoomPayload) -> None:
    assert search(acting(bob), q="red", limit=2).next is None
    assert search(acting(bob), q="red", limit=1).next is not None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "1 ", "٣", "9" * 19, "\0"])
def test_a_cursor_that_no_answer_gave_is_invalid(bob: User, cursor: str) -> None:
    with pytest.raises(Invalid):
        search(acting(bob), q="red", cursor=cursor)


def test_a_short_text_is_its_own_snippet(bob: User, talk: RoomPayload) -> None:
    [hit] = search(acting(bob), q="fox red").hits
    assert (hit.snippet, hit.highlights) == ("The red fox", [(4, 7), (8, 11)])
    assert hit.message.seq == 3


def test_a_long_text_is_cut_around_its_first_hit(
    alice: User, room: RoomPayload
) -> None:
    append_one(
        Draft(room.id, acting(alice), "so long " * 100 + "needle" + "\nand on" * 100)
    )
    [hit] = search(acting(alice), q="needle").hits
    [(start, end)] = hit.highlights
    assert hit.snippet[start:end] == "needle"
    assert (hit.snippet[0], hit.snippet[-1]) == ("…", "…")
    assert len(hit.snippet) <= 202
    assert "\n" not in hit.snippet


def test_a_snippet_is_plain_text_and_its_highlights_count_characters(
    alice: User, room: RoomPayload
) -> None:
    append_one(Draft(room.id, acting(alice), "🎉🎉 <b>party</b>"))
    [hit] = search(acting(alice), q="party").hits
    assert (hit.snippet, hit.highlights) == ("🎉🎉 <b>party</b>", [(6, 11)])


def test_a_search_takes_three_queries_however_much_it_finds(
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
        with django_assert_num_queries(3):
            assert len(search(acting(alice), q="red", limit=limit).hits) == limit


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    said=st.lists(st.sampled_from(["red", "blue", "red blue", "hen"]), max_size=40),
    q=st.sampled_from(["red", "red blue", "absent", "red -blue", "red or -blue"]),
    limit=st.integers(1, 3),
    sizes=st.tuples(*[st.integers(1, 8)] * 4),
)
def test_pages_together_have_every_hit_wherever_reading_stops(
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


def test_a_search_in_one_room_takes_three_queries(
    bob: User, talk: RoomPayload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        search(acting(bob), q="red", room=talk.id, limit=1)
