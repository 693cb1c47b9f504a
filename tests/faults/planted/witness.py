"""A follower of the tests' own: it writes each delivery into a table before it is done.

The table is written outside of Hubbub's transactions, so a row is there as soon as the
delivery was made, whatever happens to the process. One delivery in ten fails.
"""

import random

from django.db import connection, transaction

from chat import followers
from chat.followers import cursors, runner
from chat.followers.follower import Batch, Follower

FAILING = 0.1
# Time passes faster than in a real server, whose polls are 15 s apart.
POLL_SECONDS = 0.3

_TABLE = """
CREATE TABLE IF NOT EXISTS planted_delivery (
    id bigserial PRIMARY KEY, room_id uuid NOT NULL, rev bigint NOT NULL
)
"""
_INSERT = "INSERT INTO planted_delivery (room_id, rev) VALUES (%s, %s)"


class Witness:
    name = "witness"
    gather_seconds = 0.05

    def deliver(self, batch: Batch) -> None:
        if random.random() < FAILING:
            raise ConnectionError
        with connection.cursor() as cursor:
            for message in batch.messages:
                cursor.execute(_INSERT, [batch.room.pk, message.rev])


def stand() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # The processes start at the same time.
        cursor.execute("SELECT pg_advisory_xact_lock(2)")
        cursor.execute(_TABLE)

    def wanted() -> list[Follower]:
        return [Witness()]

    followers.wanted = wanted
    runner.POLL_SECONDS = POLL_SECONDS
    cursors.FIRST_PAUSE_SECONDS = 0
