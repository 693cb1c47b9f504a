"""The search for people goes through indexes, as soon as there are many."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.queries import people
from tests.people import acting

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("search", ["Erin-49", "erin%_\\"])
def test_a_search_for_people_reads_indexes_and_not_the_table(
    alice: User, search: str
) -> None:
    User.objects.bulk_create(
        User(username=f"erin-{n}", display_name=f"Émile {n}") for n in range(5000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user")
        # With the collation "C" it serves as well, and hides the one for all others.
        cursor.execute("DROP INDEX user_username_folded")
        with CaptureQueriesContext(connection) as asked:
            people.users(acting(alice), search)
        # The statement is complete: psycopg binds on this side.
        cursor.execute("EXPLAIN " + asked[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "user_username_prefix" in plan, plan
    assert "user_display_name_prefix" in plan, plan
