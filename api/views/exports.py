"""Exports of one's own data: made in the background, then fetched as one file."""

from typing import Any

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions.exports import start_export
from chat.payloads.people import ExportPayload

from ..downloads import export_file
from ..schema import documented
from .base import View

_ZIP: Any = {(200, "application/zip"): OpenApiTypes.BINARY}


class ExportView(View):
    @documented(
        "start_export",
        "Have your data put together; see how far it is by GET",
        answers={202: ExportPayload},
        errors={403: "forbidden", 409: "conflict", 429: "rate_limited"},
    )
    def post(self, request: Request) -> Response:
        return Response(start_export(self.actor(request)), status=202)

    @documented(
        "get_export",
        "How far your export is, and where",
        answers={200: ExportPayload},
        errors={404: "not_found"},
    )
    def get(self, request: Request) -> Response:
        export = queries.exports.export(self.actor(request))
        if export is None:
            raise Http404
        return Response(export)


class ExportFileView(View):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Ignores `Accept`: a client that wants an archive gets a refusal as JSON."""
        return super().perform_content_negotiation(request, force=True)

    @documented(
        "get_export_file",
        "Your data: a zip of JSON files and of what you uploaded",
        answers=_ZIP,
        errors={404: "not_found", 429: "rate_limited"},
    )
    def get(self, request: Request) -> FileResponse:
        archive = queries.exports.archive(self.actor(request))
        if archive is None:
            raise Http404
        return export_file(archive)
