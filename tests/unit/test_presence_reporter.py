"""Presence is reported to a database that may fail for a while."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.models import User
from chat import models, presence
from core.bus.envelopes import ORIGIN
from core.threads import in_database
from realtime.delivery import presence_reporter
from realtime.delivery.presence_reporter import PresenceReporter

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = models.Attendance._meta.db_table


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_reporter, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(presence_reporter, "LINGER_SECONDS", 0)


def rename(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


def give_up_on(process: str) -> None:
    """Take a process for dead, as another one does when it renews too late."""
    models.ServerProcess.objects.filter(pk=process).update(alive_until=Now())
    presence.expire()


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not await in_database(is_true):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_people_who_come_or_go_while_the_database_fails_are_reported_later(
    alice: User, bob: User
) -> None:
    here = {str(alice.pk)}
    reporter = PresenceReporter(here.__contains__)
    reporter.came(str(alice.pk))
    await until(lambda: presence.is_online(alice.pk))

    await in_database(rename, TABLE, "away")
    here.clear()
    here.add(str(bob.pk))
    reporter.came(str(bob.pk))
    reporter.went(str(alice.pk))
    await asyncio.sleep(0.3)
    await in_database(rename, "away", TABLE)

    await until(lambda: presence.is_online(bob.pk))
    await until(lambda: not presence.is_online(alice.pk))


@pytest.mark.parametrize("by", ["renewal", "arrival"])
async def test_a_process_that_was_taken_for_dead_reports_everybody_again(
    by: str, alice: User, bob: User
) -> None:
    """The process learns it when it renews or when it reports an arrival."""
    here = {str(alice.pk)}
    reporter = PresenceReporter(here.__contains__)
    reporter.came(str(alice.pk))
    await until(lambda: presence.is_online(alice.pk))

    await in_database(give_up_on, ORIGIN)
    assert not await in_database(presence.is_online, alice.pk)
    if by == "renewal":
        await reporter.renew()
    else:
        here.add(str(bob.pk))
        reporter.came(str(bob.pk))
        await until(lambda: presence.is_online(bob.pk))

    await until(lambda: presence.is_online(alice.pk))


async def test_people_who_come_in_a_crowd_are_reported_together(
    alice: User, bob: User, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[set[str]] = []
    arrive = presence.arrive

    def noted(process: str, *people: UUID) -> bool:
        reported.append({str(person) for person in people})
        return arrive(process, *people)

    monkeypatch.setattr(presence, "arrive", noted)
    first, *others = (str(user.pk) for user in (alice, bob, charlie))
    here = {first, *others}
    reporter = PresenceReporter(here.__contains__)
    reporter.came(first)
    await asyncio.sleep(0)
    for one in others:
        reporter.came(one)
        await asyncio.sleep(presence_reporter.PAUSE_SECONDS / 4)
    await until(lambda: presence.is_online(charlie.pk))
    assert reported == [{first}, set(others)]
