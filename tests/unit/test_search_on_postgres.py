"""Searching with PostgreSQL's own full text: words, phrases, OR, and an index."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.log.append import append
from chat.log.draft import Draft
from chat.payloads.rooms import RoomPayload
from chat.queries.search import matching, search
from chat.queries.search.matching import _SPACES
from chat.queries.search.splitting import SPLITTING
from core.limits.table import LIMITS
from tests.people import acting

from .found import found_by
from .plans import Plan, explain, nodes, rows_read

ROWS = 500_000
# One word in all, one in few, one in one; two that are never in this order.
FILL = """
INSERT INTO chat_message
    (room_id, seq, rev, kind, level, sender_id, body, mentions, created_at)
SELECT %(room)s, n, n, 'user', 'normal', %(user)s,
    'common word' ||
    CASE n %% 1000 WHEN 77 THEN ' few one' || n ELSE '' END, '[]', now()
FROM generate_series(10, %(rows)s + 9) n
"""


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
def test_marks_that_separate_words_in_texts_separate_them_in_searches(
    alice: User, room: RoomPayload, q: str, found: list[int]
) -> None:
    append([Draft(room.id, acting(alice), text) for text in TEXTS])
    assert found_by(alice, q) == [TEXTS[number] for number in found]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "piece", ["1a@", "a@a@1ak", "~/", "a_", "a-1-", "<!--", "/a.b:"]
)
def test_postgresql_takes_every_text_for_words_alone(piece: str) -> None:
    """Looking ahead for other kinds takes a time that grows with the square."""
    text = (piece * LIMITS.message_characters)[: LIMITS.message_characters]
    spaces = " " * len(SPLITTING)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT t.alias FROM ts_parse('default', translate(%s, %s, %s)) p"
            " JOIN ts_token_type('default') t USING (tokid)",
            [text, SPLITTING, spaces],
        )
        kinds = {alias for (alias,) in cursor.fetchall()}
    assert kinds <= {"asciiword", "word", "numword", "uint", "blank"}


# The planner then believes that nearly every message has this word.
MISLEAD = f"""
CREATE STATISTICS misleading ON to_tsvector('simple', translate(body, {_SPACES}))
FROM chat_message;
INSERT INTO chat_message
    (room_id, seq, rev, kind, level, body, mentions, created_at)
SELECT id, n, n, 'user', 'normal', 'absent', '[]', now()
FROM chat_room, generate_series(10, 1009) n;
ANALYZE chat_message;
DELETE FROM chat_message WHERE body = 'absent'
"""  # noqa: S608  (our own characters)
WRITING = """
SELECT format('ALTER TABLE chat_message DROP CONSTRAINT %I', conname)
FROM pg_constraint WHERE conrelid = 'chat_message'::regclass AND contype IN ('f', 'u')
UNION ALL
SELECT format('DROP INDEX IF EXISTS %I', indexname)
FROM pg_indexes WHERE tablename = 'chat_message' AND indexname !~ '_pkey$'
"""


def fill(room: RoomPayload, user: User) -> None:
    """Fast, without what slows down writing; the rollback brings it back."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'message_search'"
        )
        [(search_index,)] = cursor.fetchall()
        cursor.execute(WRITING)
        for (drop,) in cursor.fetchall():
            cursor.execute(drop)
        cursor.execute(MISLEAD)
        cursor.execute(FILL, {"room": room.id, "user": user.pk, "rows": ROWS})
        cursor.execute(search_index)


def asked(user: User, q: str) -> Iterator[tuple[str, Plan]]:
    """Each statement that reads messages, and how."""
    with CaptureQueriesContext(connection) as queries:
        search(acting(user), q=q)
    # The setting of the search still holds here: the test's is around it.
    for query in queries:
        if "tsquery" in query["sql"]:
            yield query["sql"], explain(query["sql"])


def uses(plan: Plan) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


@pytest.mark.django_db
def test_a_search_reads_few_of_many_messages(alice: User, room: RoomPayload) -> None:
    fill(room, alice)
    # The planner expects a match in each row, and would read the table to its end.
    _, likely, matches = (plan for _, plan in asked(alice, "absent"))
    for plan in (likely, matches):
        assert uses(plan) == {"message_search"}
        assert rows_read(plan) == 0
    with connection.cursor() as cursor:
        cursor.execute("DROP STATISTICS misleading; ANALYZE chat_message")
    glance = matching.GLANCE + 51
    for q, most in {
        "absent": glance,
        "one77077": glance + 10,
        "few common": glance + 2_000,
        "common": glance,
        "word or -common": glance,
        '"word common"': glance + 10_001 + 5 * 20_000,
        "absent or -common": glance + 5 * 20_000,
    }.items():
        read = sum(rows_read(plan) for _, plan in asked(alice, q))
        assert read <= most, (q, read)
