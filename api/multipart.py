"""Parsing multipart bodies, which hold files. backend/bodies.py limits their size."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from rest_framework.parsers import MultiPartParser

from core.errors import Invalid


class FileParser(MultiPartParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation:
            # Too many parts, or a long part that is no file.
            raise Invalid("Send one file.") from None
