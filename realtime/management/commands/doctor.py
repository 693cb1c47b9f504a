"""`manage.py doctor`: checks everything that Hubbub needs, and says what to do.

Each check returns a word about a good state or raises Sick with the remedy. The command
exits with 1 if any raised.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from core.bus.publisher import channel_layer

LAYER_SECONDS = 5


class Sick(Exception):
    """Its text says what is wrong and what to do about it."""


class Command(BaseCommand):
    help = "Check the database, Redis, keys, origins and the page."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        is_healthy = True
        for name, check in CHECKS.items():
            try:
                self.stdout.write(f"  ok    {name}: {check()}")
            except Sick as sick:
                self.stdout.write(f"  SICK  {name}: {sick}")
                is_healthy = False
        if not is_healthy:
            sys.exit(1)


def check_settings() -> str:
    messages = run_checks(include_deployment_checks=True)
    errors = [message for message in messages if message.level >= ERROR]
    if errors:
        raise Sick(" ".join(str(error.msg) for error in errors))
    return "DEBUG is on, for developing only" if settings.DEBUG else "fine"


def check_database() -> str:
    try:
        connection.ensure_connection()
        plan = MigrationExecutor(connection)
        targets = plan.loader.graph.leaf_nodes()
        missing = plan.migration_plan(targets)
    except DatabaseError as error:
        raise Sick(f"{error} Check DATABASE_URL.".replace("\n", " ")) from None
    if missing:
        raise Sick(f"{len(missing)} migrations are missing: manage.py migrate")
    return connection.vendor


def check_channel_layer() -> str:
    if not settings.REDIS_URL:
        return "in memory: one process only"
    try:
        asyncio.run(_round_trip())
    except Exception as error:
        raise Sick(f"{type(error).__name__}: {error} Check REDIS_URL.") from None
    return "Redis carries a message"


async def _round_trip() -> None:
    layer = channel_layer()
    channel = await layer.new_channel()
    async with asyncio.timeout(LAYER_SECONDS):
        await layer.send(channel, {"type": "doctor"})
        await layer.receive(channel)


def check_origins() -> str:
    for origin in settings.ALLOWED_ORIGINS:
        if not origin.startswith(("http://", "https://")) or origin.endswith("/"):
            raise Sick(f"{origin!r}: say https://host, without a slash at the end.")
    if not settings.ALLOWED_HOSTS:
        raise Sick("ALLOWED_HOSTS is empty: name the hosts that people use.")
    return ", ".join([*settings.ALLOWED_HOSTS, *settings.ALLOWED_ORIGINS])


def check_page() -> str:
    if not (settings.WEB_DIR / "index.html").exists():
        raise Sick("not built: run scripts/build-page (needs Node.js 20.19 or newer)")
    return "built"


CHECKS: dict[str, Callable[[], str]] = {
    "settings": check_settings,
    "database": check_database,
    "channel layer": check_channel_layer,
    "hosts and origins": check_origins,
    "page": check_page,
}
