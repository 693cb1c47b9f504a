"""Searching with PostgreSQL's own full text: words, phrases, OR, and an index."""

import pytest
from django.db import connection, transaction

from accounts.models import User
from chat import search as search_module
from chat.drafts import Draft
from chat.limits import LIMITS
from chat.log import append
from chat.models import Message
from chat.payloads import RoomPayload

from .found import found_by


@pytest.mark.usefixtures("talk")
def test_postgresql_knows_whole_words_phrases_and_or(bob: User) -> None:
    assert found_by(bob, "re") == []
    assert found_by(bob, '"red hen"') == ["a RED hen"]
    assert found_by(bob, '"hen red"') == []
    assert found_by(bob, "fox or blue") == ["a blue hen", "The red fox"]


TEXTS = ["see www.example.org/a-b!", "write to ann@example.org", "c, x.b-1 and b"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("www.example.org/a-b", [0]),
        ("example", [1, 0]),
        ("ann@example.org", [1]),
        ("x.b-1", [2]),
        ("b.x", []),
        ("example -ann@example.org", [0]),
        (f"{'-' * 60}a b", [2]),
        (f"example {'-' * 60}", [1, 0]),
    ],
)
def test_what_separates_words_in_texts_separates_them_in_queries(
    alice: User, room: RoomPayload, q: str, found: list[int]
) -> None:
    append([Draft(room.id, alice, text) for text in TEXTS])
    assert found_by(alice, q) == [TEXTS[number] for number in found]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "piece", ["1a@", "a@a@1ak", "~/", "a_", "a-1-", "<!--", "/a.b:"]
)
def test_postgresql_takes_every_text_for_words_alone(piece: str) -> None:
    """Looking ahead for other kinds takes a time that grows with the square."""
    text = (piece * LIMITS.message_characters)[: LIMITS.message_characters]
    spaces = " " * len(search_module._SPLITTING)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT t.alias FROM ts_parse('default', translate(%s, %s, %s)) p"
            " JOIN ts_token_type('default') t USING (tokid)",
            [text, search_module._SPLITTING, spaces],
        )
        kinds = {alias for (alias,) in cursor.fetchall()}
    assert kinds <= {"asciiword", "word", "numword", "uint", "blank"}


@pytest.mark.django_db
def test_postgresql_uses_the_index() -> None:
    matches = search_module._matches(search_module._parsed("red"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Message.objects.filter(matches).explain()
    assert "message_search" in plan
