"""Files in rooms: uploading them, opening them, and links to them."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions import attachments
from chat.models import Attachment
from chat.payloads.messages import AttachmentPayload, LinkPayload

from ..downloads import attachment_file, attachment_thumbnail
from ..multipart import FileParser
from ..schema import documented
from ..serializers.attachments import FileQuery, NewFile
from ..serializers.base import parse, parse_query
from .base import View

FILE_BODY: Any = {"multipart/form-data": NewFile}
_BINARY: Any = {(200, "application/octet-stream"): OpenApiTypes.BINARY}
PICTURE: Any = {(200, "image/webp"): OpenApiTypes.BINARY}


class UploadView(View):
    parser_classes = (FileParser,)

    def file(self, request: Request) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = parse(NewFile, request)["file"]
        return file


class AttachmentsView(UploadView):
    @documented(
        "upload_attachment",
        "Upload a file; then send its id in a message, within a day",
        request=FILE_BODY,
        answers={201: AttachmentPayload},
        errors={
            403: "forbidden, muted",
            404: "room_not_found",
            413: "too_long, quota_exceeded",
            429: "rate_limited",
            503: "unavailable",
        },
    )
    def post(self, request: Request, room_id: str) -> Response:
        actor = self.actor(request)
        # Before the body is parsed for the file.
        queries.attachments.check_upload(actor, room_id)
        payload = attachments.add_attachment(actor, room_id, self.file(request))
        return Response(payload, status=201)


class FileView(View):
    # A request with a signature needs no token.
    permission_classes = ()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Ignores `Accept`: a client that wants a picture gets a refusal as JSON."""
        return super().perform_content_negotiation(request, force=True)

    def attachment(self, request: Request, attachment_id: str) -> Attachment:
        signature = parse_query(FileQuery, request).get("signature")
        if signature is None:
            file = queries.attachments.attachment(self.actor(request), attachment_id)
        else:
            file = queries.attachments.signed_attachment(attachment_id, signature)
        if file is None:
            raise Http404
        return file


class AttachmentView(FileView):
    @documented(
        "get_attachment",
        "A file: shown when it is a picture, else to be saved",
        query=FileQuery,
        answers=_BINARY,
        errors={404: "not_found", 429: "rate_limited"},
    )
    def get(self, request: Request, attachment_id: str) -> FileResponse:
        return attachment_file(self.attachment(request, attachment_id))


class ThumbnailView(FileView):
    @documented(
        "get_thumbnail",
        "A picture, made small",
        query=FileQuery,
        answers=PICTURE,
        errors={404: "not_found", 429: "rate_limited"},
    )
    def get(self, request: Request, attachment_id: str) -> FileResponse:
        attachment = self.attachment(request, attachment_id)
        if not attachment.thumbnail:
            raise Http404
        return attachment_thumbnail(attachment)


class LinkView(View):
    @documented(
        "link_attachment",
        "An address for `<img src>`, which sends no token",
        answers={201: LinkPayload},
        errors={404: "not_found"},
    )
    def post(self, request: Request, attachment_id: str) -> Response:
        link = queries.attachments.link(self.actor(request), attachment_id)
        if link is None:
            raise Http404
        return Response(link, status=201)
