"""Counting unread messages reads no more rows when there are more of them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.models import Membership
from chat.payloads.rooms import RoomPayload
from chat.queries import rooms

from .plans import explain, rows_read

pytestmark = pytest.mark.django_db

# Of each: messages that count, that were deleted, that the chat wrote, that mention
# alice, that mention everybody.
ROWS = 20_000
FILL = """
INSERT INTO chat_message
    (room_id, seq, rev, kind, level, sender_id, body, mentions, created_at, deleted_at)
SELECT room, 10 + n, 10 + n,
    CASE n %% 5 WHEN 2 THEN 'system' ELSE 'user' END, 'normal', alice::uuid, '',
    CASE n %% 5
        WHEN 3 THEN jsonb_build_array(alice)
        WHEN 4 THEN jsonb_build_array('room')
        ELSE '[]'
    END,
    now(), CASE n %% 5 WHEN 1 THEN now() END
FROM (VALUES (%s::uuid, %s::text)) AS given(room, alice), generate_series(1, %s) n
"""
MENTIONS = """
INSERT INTO chat_mention (message_id, user_id, room_id, seq, sender_id)
SELECT id, CASE WHEN mentions = '["room"]' THEN NULL ELSE sender_id END,
    room_id, seq, sender_id
FROM chat_message WHERE mentions <> '[]'
"""


def test_counting_reads_no_more_rows_than_its_bound(
    alice: User, bob: User, room: RoomPayload
) -> None:
    member = Membership.objects.get(user=bob)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [room.id, str(alice.pk), 5 * ROWS])
        cursor.execute(MENTIONS)
        cursor.execute("ANALYZE chat_message, chat_mention")
    with CaptureQueriesContext(connection) as queries:
        read = rooms.read_state(member)
    assert (read.unread, read.mentions) == (1000, 1000)
    plan = explain(queries[0]["sql"])
    # A thousand unread, a thousand of @room, and the membership.
    assert rows_read(plan) <= 2_010
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 2_500


def test_one_index_holds_the_rows_that_count(bob: User, room: RoomPayload) -> None:
    """Without statistics too, as after a restore."""
    plan = rooms._with_counts(bob.pk).explain()
    assert "Index Only Scan Backward using message_said" in plan
    assert "Index Only Scan Backward using mention_seq" in plan
