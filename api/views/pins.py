"""Pinning messages."""

from msgspec import Raw
from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions.pins import pin_message
from chat.payloads.messages import MessagePayload

from ..schema import documented
from .base import View
from .reactions import MESSAGE_ERRORS


class PinView(View):
    @documented(
        "pin_message",
        "Pin a message, as a moderator",
        answers={200: MessagePayload},
        errors=MESSAGE_ERRORS,
    )
    def put(self, request: Request, room_id: str, seq: int) -> Response:
        changed = pin_message(self.actor(request), room_id, seq, pinned=True)
        return Response(Raw(changed.json))

    @documented(
        "unpin_message",
        "Take the pin away",
        answers={200: MessagePayload},
        errors=MESSAGE_ERRORS,
    )
    def delete(self, request: Request, room_id: str, seq: int) -> Response:
        changed = pin_message(self.actor(request), room_id, seq, pinned=False)
        return Response(Raw(changed.json))
