"""A client must accept JSON, since every answer is JSON."""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

# The headers of most clients: fetch and curl, our own, and axios.
_JSON = {"*/*", "application/json", "application/json, text/plain, */*"}


class JSONNegotiation(DefaultContentNegotiation):
    """Compares the usual headers as they are, and lets DRF parse the others.

    Parsing a header takes about as long as finding the view.
    """

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> Any:
        meta = request.META
        is_usual = meta.get("HTTP_ACCEPT", "*/*") in _JSON
        if is_usual and "format" not in meta["QUERY_STRING"]:
            [renderer] = renderers
            return renderer, renderer.media_type
        return super().select_renderer(request, renderers, format_suffix)
