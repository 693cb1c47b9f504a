"""Rooms: mine, the public ones, one; joining and leaving; members."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions import memberships
from chat.actions.rooms import create_room
from chat.payloads import RoomPayload

from ..payloads import MembersPayload, RoomsPayload
from ..schema import documented
from ..serializers.base import parse
from ..serializers.rooms import NewRoom
from .base import View


class RoomsView(View):
    @documented(
        "list_rooms", "The rooms that you belong to", answers={200: RoomsPayload}
    )
    def get(self, request: Request) -> Response:
        return Response(RoomsPayload(queries.rooms_of(self.user(request))))

    @documented(
        "create_room",
        "Make a room; you are its owner",
        request=NewRoom,
        answers={201: RoomPayload},
        errors={403: "forbidden", 409: "conflict"},
    )
    def post(self, request: Request) -> Response:
        room = create_room(self.user(request), **parse(NewRoom, request))
        return Response(room, status=201)


class DirectoryView(View):
    @documented("list_directory", "The public rooms", answers={200: RoomsPayload})
    def get(self, request: Request) -> Response:
        return Response(RoomsPayload(queries.directory(self.user(request))))


class RoomView(View):
    @documented(
        "get_room",
        "One room",
        answers={200: RoomPayload},
        errors={404: "room_not_found"},
    )
    def get(self, request: Request, room_id: str) -> Response:
        return Response(queries.room(self.user(request), room_id))


class JoinView(View):
    @documented(
        "join_room",
        "Become a member",
        answers={200: RoomPayload},
        errors={404: "room_not_found"},
    )
    def post(self, request: Request, room_id: str) -> Response:
        return Response(memberships.join_room(self.user(request), room_id))


class LeaveView(View):
    @documented(
        "leave_room",
        "Be a member no longer",
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def post(self, request: Request, room_id: str) -> Response:
        return Response(memberships.leave_room(self.user(request), room_id))


class MembersView(View):
    @documented(
        "list_members",
        "Who belongs to the room",
        answers={200: MembersPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def get(self, request: Request, room_id: str) -> Response:
        return Response(MembersPayload(queries.members(self.user(request), room_id)))
