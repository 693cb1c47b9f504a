"""`manage.py asyncapi`: writes the socket's protocol as AsyncAPI, or prints it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ...asyncapi import as_yaml


class Command(BaseCommand):
    help = "Describe the WebSocket protocol (AsyncAPI 3)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="write it there")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        if file is None:
            self.stdout.write(as_yaml(), ending="")
        else:
            file.write_text(as_yaml(), encoding="utf-8")
