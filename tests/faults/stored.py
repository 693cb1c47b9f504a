"""The database's contents in the end, read without any code of Hubbub's own."""

from typing import NamedTuple

import psycopg


class Stored(NamedTuple):
    """One row of a room's log; only system messages have `event` and `subject`."""

    room: str
    seq: int
    rev: int
    sender: str
    client_id: str | None
    body: str
    event: str | None
    subject: str | None


_ROWS = """
SELECT m.room_id::text, m.seq, m.rev, coalesce(s.username, ''), m.client_id, m.body,
       m.event ->> 'type', u.username
FROM chat_message m
LEFT JOIN accounts_user s ON s.id = m.sender_id
LEFT JOIN accounts_user u ON u.id::text = m.event ->> 'user'
ORDER BY m.room_id, m.seq, m.id
"""


def read_log(url: str) -> list[Stored]:
    with psycopg.connect(url) as connection:
        return [Stored(*row) for row in connection.execute(_ROWS)]


def read_heads(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id::text, head_seq FROM chat_room")
        return dict(rows.fetchall())


def read_deliveries(url: str) -> list[tuple[str, int]] | None:
    """The room and the `rev` of each delivery, in order; None without a follower."""
    with psycopg.connect(url) as connection:
        [(table,)] = connection.execute(
            "SELECT to_regclass('planted_delivery')"
        ).fetchall()
        if table is None:
            return None
        rows = connection.execute(
            "SELECT room_id::text, rev FROM planted_delivery ORDER BY id"
        )
        return [(room, rev) for room, rev in rows]
