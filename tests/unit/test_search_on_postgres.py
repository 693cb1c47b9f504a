"""Searching with PostgreSQL's own full text: words, phrases, OR, and an index."""

import pytest
from django.db import connection, transaction

from accounts.models import User
from chat import search as search_module
from chat.models import Message

from .found import found_by


@pytest.mark.usefixtures("talk")
def test_postgresql_knows_whole_words_phrases_and_or(bob: User) -> None:
    assert found_by(bob, "re") == []
    assert found_by(bob, '"red hen"') == ["a RED hen"]
    assert found_by(bob, '"hen red"') == []
    assert found_by(bob, "fox or blue") == ["a blue hen", "The red fox"]


@pytest.mark.django_db
def test_postgresql_uses_the_index() -> None:
    matches = search_module._matches(search_module._parsed("red"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Message.objects.filter(matches).explain()
    assert "message_search" in plan
