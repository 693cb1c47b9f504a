"""JSON in and out of REST, by the encoder that the socket uses too."""

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from core.errors import Invalid, TooLong
from core.limits.table import LIMITS


class StrictJSONParser(BaseParser):
    """Refuses NaN, lone surrogates, deep nesting and bodies that are too long."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(LIMITS.request_bytes + 1)
        if len(body) > LIMITS.request_bytes:
            raise TooLong(f"A request has at most {LIMITS.request_bytes} bytes.")
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Invalid("The body is not JSON.") from None


class PayloadRenderer(BaseRenderer):
    """Encodes the payloads, which DRF's own renderer cannot."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else msgspec.json.encode(data)
