"""Files in: multipart bodies, no longer than the largest file that anybody may send."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from rest_framework.parsers import MultiPartParser

from chat.errors import Invalid, TooLong
from chat.limits import LIMITS


class FileParser(MultiPartParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        # What was cut off reads as if nothing had been sent. (Without a Content-Length
        # Django reads nothing at all.)
        size = int(stream.META.get("CONTENT_LENGTH") or 0)  # type: ignore[attr-defined]  # the request
        if size > LIMITS.attachment_bytes + LIMITS.request_bytes:
            raise TooLong(f"A file has at most {LIMITS.attachment_bytes} bytes.")
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation:
            # Too many parts, or a long one that is no file.
            raise Invalid("Send one file.") from None
