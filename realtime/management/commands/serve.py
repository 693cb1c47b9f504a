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
        # The check opened a connection for this thread, which does not need it again.
        connection.close()
        engine = str(settings.DATABASES["default"]["ENGINE"])
        is_shared = settings.REDIS_URL and engine.endswith("postgresql")
        if options["workers"] > 1 and not is_shared:
            # Processes hear of each other through Redis and share one PostgreSQL.
            raise CommandError(
                "More than one worker needs PostgreSQL and Redis:"
                " set DATABASE_URL and REDIS_URL, or say --workers 1."
            )
        serve(options["host"], options["port"], options["workers"])
