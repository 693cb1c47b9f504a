"""Reactions to a message."""

from msgspec import Raw
from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import reactions
from chat.payloads.messages import MessagePayload

from ..schema import documented
from .base import View

MESSAGE_ERRORS = {403: "forbidden, muted", 404: "room_not_found, message_not_found"}


class ReactionView(View):
    @documented(
        "add_reaction",
        "React with this emoji",
        answers={200: MessagePayload},
        errors={
            **MESSAGE_ERRORS,
            400: "invalid",
            413: "too_long",
            429: "rate_limited",
        },
    )
    def put(self, request: Request, room_id: str, seq: int, emoji: str) -> Response:
        actor = self.actor(request)
        changed = reactions.add_reaction(actor, room_id, seq, emoji=emoji)
        return Response(Raw(changed.json))

    @documented(
        "remove_reaction",
        "Take this emoji back",
        answers={200: MessagePayload},
        errors={**MESSAGE_ERRORS, 429: "rate_limited"},
    )
    def delete(self, request: Request, room_id: str, seq: int, emoji: str) -> Response:
        actor = self.actor(request)
        changed = reactions.remove_reaction(actor, room_id, seq, emoji=emoji)
        return Response(Raw(changed.json))
