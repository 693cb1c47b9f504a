"""Bans: keeping people out of a room."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions import bans

from ..payloads import BansPayload
from ..schema import documented
from .base import View
from .members import MEMBER_ERRORS, ROOM_ERRORS


class BansView(View):
    @documented(
        "list_bans",
        "Who may not come back; moderators only",
        answers={200: BansPayload},
        errors=ROOM_ERRORS,
    )
    def get(self, request: Request, room_id: str) -> Response:
        return Response(BansPayload(queries.bans.bans(self.actor(request), room_id)))


class BanView(View):
    @documented(
        "ban",
        "Keep somebody out of the room; a member is removed. Moderators only",
        answers={204: None},
        errors=MEMBER_ERRORS,
    )
    def put(self, request: Request, room_id: str, user_id: str) -> Response:
        bans.ban(self.actor(request), room_id, user_id)
        return Response(status=204)

    @documented(
        "unban",
        "Let somebody come back; moderators only",
        answers={204: None},
        errors=MEMBER_ERRORS,
    )
    def delete(self, request: Request, room_id: str, user_id: str) -> Response:
        bans.unban(self.actor(request), room_id, user_id)
        return Response(status=204)
