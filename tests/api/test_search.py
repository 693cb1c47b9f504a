"""GET search."""

from urllib.parse import quote, urlencode

import pytest
from pytest_django import Settings

from accounts.models import User
from chat.actions.messages import delete_message
from chat.log.append import append, append_one
from chat.log.draft import Draft
from chat.models import Message
from chat.payloads.rooms import RoomPayload
from core import limits
from core.limits.bucket import RateLimit
from tests.people import acting

from .door import Answer, Door, check_refused


@pytest.fixture
def talk(alice: User, bob: User, room: RoomPayload) -> RoomPayload:
    append(
        [
            Draft(room.id, acting(bob), "a red fox"),
            Draft(room.id, acting(alice), "a red hen"),
        ]
    )
    return room


@pytest.fixture
def secret(alice: User, private_room: RoomPayload) -> RoomPayload:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    return private_room


def searched(door: Door, **query: str) -> Answer:
    return door.get(f"search?{urlencode(query)}")


def bodies(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.content
    return [hit["message"]["body"] for hit in answer.json()["hits"]]


def test_hit_is_the_message_and_where_it_matched(
    as_bob: Door, talk: RoomPayload
) -> None:
    answer = searched(as_bob, q="fox")
    message = as_bob.get(f"rooms/{talk.id}/messages/3").json()
    assert answer.json() == {
        "hits": [
            {"message": message, "snippet": "a red fox", "highlights": [[6, 9]]},
        ],
        "next": None,
    }


def test_next_is_the_cursor_of_the_next_page(as_bob: Door, talk: RoomPayload) -> None:
    first = searched(as_bob, q="red", limit="1")
    assert bodies(first) == ["a red hen"]
    second = searched(as_bob, q="red", limit="1", cursor=first.json()["next"])
    assert bodies(second) == ["a red fox"]
    assert second.json()["next"] is None


def test_filters(as_bob: Door, bob: User, talk: RoomPayload) -> None:
    moment = Message.objects.get(seq=4).created_at.isoformat()
    assert bodies(searched(as_bob, q="red", room=talk.id, limit="1")) == ["a red hen"]
    assert bodies(searched(as_bob, q="red", sender=str(bob.pk))) == ["a red fox"]
    assert bodies(searched(as_bob, q="red", after=moment)) == ["a red hen"]
    assert "a red hen" not in bodies(searched(as_bob, q="red", before=moment))


def test_outsider_sees_nothing_of_private_rooms(
    as_bob: Door,
    as_charlie: Door,
    as_alice: Door,
    talk: RoomPayload,
    secret: RoomPayload,
) -> None:
    assert bodies(searched(as_alice, q="secret")) == ["a red secret"]
    for door in (as_bob, as_charlie):
        assert searched(door, q="secret").json() == {"hits": [], "next": None}
    hidden = searched(as_charlie, q="secret", room=secret.id)
    check_refused(hidden, 404, "room_not_found")
    assert hidden == searched(as_charlie, q="secret", room="nonsense")


def test_cursor_of_somebody_else_shows_nothing_more(
    as_alice: Door, as_charlie: Door, talk: RoomPayload, secret: RoomPayload
) -> None:
    cursor = searched(as_alice, q="red", limit="1").json()["next"]
    assert bodies(searched(as_charlie, q="red", cursor=cursor)) == []


def test_public_room_is_searched_by_members_alone(
    as_charlie: Door, anonymous: Door, talk: RoomPayload
) -> None:
    assert bodies(searched(as_charlie, q="red")) == []
    check_refused(searched(as_charlie, q="red", room=talk.id), 403, "forbidden")
    check_refused(searched(anonymous, q="red"), 401, "unauthorized")


def test_a_person_who_left_finds_nothing(as_bob: Door, talk: RoomPayload) -> None:
    as_bob.post(f"rooms/{talk.id}/leave")
    assert bodies(searched(as_bob, q="red")) == []


def test_a_person_who_lost_the_flag_of_staff_finds_nothing(
    as_dora: Door, dora: User, staff_room: RoomPayload
) -> None:
    append_one(Draft(staff_room.id, acting(dora), "a red secret"))
    assert bodies(searched(as_dora, q="secret")) == ["a red secret"]
    User.objects.filter(pk=dora.pk).update(is_staff=False)
    assert bodies(searched(as_dora, q="secret")) == []
    answer = searched(as_dora, q="secret", room=staff_room.id)
    check_refused(answer, 404, "room_not_found")


def test_deleted_is_not_found(as_bob: Door, bob: User, talk: RoomPayload) -> None:
    delete_message(acting(bob), talk.id, 3)
    assert bodies(searched(as_bob, q="fox")) == []


@pytest.mark.parametrize(
    "q", ["", " ", "%", "_", "\\", '"', "red\0", "🎉", "x" * 201, "x" * 10_000, "-red"]
)
def test_query_that_is_none(as_bob: Door, talk: RoomPayload, q: str) -> None:
    check_refused(searched(as_bob, q=q), 400, "invalid", "q")


def test_query_is_needed(as_bob: Door) -> None:
    check_refused(as_bob.get("search"), 400, "invalid", "q")
    check_refused(searched(as_bob, q="x", page="2"), 400, "invalid", "page")


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("fox'", ["a red fox"]),
        ('"fox', ["a red fox"]),
        ("fox%", ["a red fox"]),
        ("f%x", []),
        ("f_x", []),
        ("fox\\", ["a red fox"]),
        ("fox 🎉", ["a red fox"]),
        ("fox'; DROP TABLE x --", []),
    ],
)
def test_hostile_query(
    as_bob: Door, talk: RoomPayload, q: str, expected: list[str]
) -> None:
    assert bodies(searched(as_bob, q=q)) == expected


@pytest.mark.parametrize("raw", ["%FF%FE", "%ED%A0%80red", "%00", "%"])
def test_query_that_is_no_utf8(as_bob: Door, talk: RoomPayload, raw: str) -> None:
    assert as_bob.get(f"search?q={raw}").status in {200, 400}


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "0",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-02-31T12:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "\0",
    ],
)
def test_moment_that_is_none(as_bob: Door, name: str, value: str) -> None:
    answer = as_bob.get(f"search?q=red&{name}={quote(value)}")
    check_refused(answer, 400, "invalid", name)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.123456+02:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_moment_that_is_one(as_bob: Door, value: str) -> None:
    assert searched(as_bob, q="red", after=value, before=value).status == 200


@pytest.mark.parametrize("limit", ["0", "51", "x", "9" * 30])
def test_limit_has_limits(as_bob: Door, limit: str) -> None:
    check_refused(searched(as_bob, q="red", limit=limit), 400, "invalid", "limit")


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1" * 30, "\0"])
def test_malformed_cursor(as_bob: Door, cursor: str) -> None:
    check_refused(searched(as_bob, q="red", cursor=cursor), 400, "invalid", "cursor")


@pytest.fixture
def _one_search(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "searches", RateLimit(rate=0.001, burst=1))


@pytest.mark.usefixtures("_one_search")
def test_a_person_who_searches_too_fast_is_refused_and_others_are_not(
    as_bob: Door, as_alice: Door, talk: RoomPayload
) -> None:
    assert searched(as_bob, q="red").status == 200
    assert searched(as_alice, q="red").status == 200
    check_refused(searched(as_bob, q="blue"), 429, "rate_limited")


@pytest.mark.usefixtures("_one_search")
def test_a_search_without_a_word_counts_and_one_of_the_wrong_shape_does_not(
    as_bob: Door, talk: RoomPayload
) -> None:
    check_refused(searched(as_bob, q="red", limit="x"), 400, "invalid", "limit")
    check_refused(searched(as_bob, q="-red"), 400, "invalid", "q")
    check_refused(searched(as_bob, q="red"), 429, "rate_limited")


@pytest.mark.usefixtures("_one_search")
def test_a_guest_who_may_not_search_is_never_told_to_wait(anonymous: Door) -> None:
    guest = Door(anonymous.post("auth/guest").json()["access"])
    for _ in range(3):
        check_refused(searched(guest, q="red"), 403, "forbidden")
