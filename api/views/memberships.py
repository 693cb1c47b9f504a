"""Joining rooms and leaving them."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import memberships
from chat.payloads.rooms import RoomPayload

from ..schema import documented
from .base import View


class JoinView(View):
    @documented(
        "join_room",
        "Become a member",
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def post(self, request: Request, room_id: str) -> Response:
        return Response(memberships.join_room(self.actor(request), room_id))


class LeaveView(View):
    @documented(
        "leave_room",
        "Be a member no longer",
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def post(self, request: Request, room_id: str) -> Response:
        return Response(memberships.leave_room(self.actor(request), room_id))
