"""`manage.py serve`: the server for real use (uvicorn)."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.checks import STARTING

from ...server.uvicorn import serve


class Command(BaseCommand):
    help = "Serve the API, the socket and the page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        self.check()
        self.check(tags=[STARTING], include_deployment_checks=True)
        # The check opened it for this thread, which has no further use for it.
        connection.close()
        if options["workers"] > 1:
            _check_several()
        serve(options["host"], options["port"], options["workers"])


def _check_several() -> None:
    """Processes hear of each other through Redis and share one PostgreSQL."""
    engine = str(settings.DATABASES["default"]["ENGINE"])
    if not settings.REDIS_URL or not engine.endswith("postgresql"):
        raise CommandError(
            "More than one worker needs PostgreSQL and Redis:"
            " set DATABASE_URL and REDIS_URL, or say --workers 1."
        )
