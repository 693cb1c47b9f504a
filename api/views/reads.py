"""Marking a room as read or unread."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import reads
from chat.payloads.rooms import ReadPayload

from ..schema import documented
from ..serializers.base import parse
from ..serializers.reads import ReadMarker
from .base import View

_ERRORS = {403: "forbidden", 404: "room_not_found"}


class ReadView(View):
    @documented(
        "mark_read",
        "Everything up to this seq is read",
        request=ReadMarker,
        answers={200: ReadPayload},
        errors=_ERRORS,
    )
    def put(self, request: Request, room_id: str) -> Response:
        seq = parse(ReadMarker, request)["seq"]
        return Response(reads.mark_read(self.actor(request), room_id, seq))


class UnreadView(View):
    @documented(
        "mark_unread",
        "This seq and what follows is unread again",
        request=ReadMarker,
        answers={200: ReadPayload},
        errors=_ERRORS,
    )
    def put(self, request: Request, room_id: str) -> Response:
        seq = parse(ReadMarker, request)["seq"]
        return Response(reads.mark_unread(self.actor(request), room_id, seq))
