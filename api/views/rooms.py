"""Rooms: listing one's own, making, changing and deleting one."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions import rooms
from chat.actions.rooms import create_room, delete_room, update_room
from chat.payloads.rooms import RoomPayload

from ..payloads import RoomsPayload
from ..schema import documented
from ..serializers.base import parse
from ..serializers.rooms import NewRoom, RoomChanges
from .base import View


class RoomsView(View):
    @documented(
        "list_rooms", "The rooms that you belong to", answers={200: RoomsPayload}
    )
    def get(self, request: Request) -> Response:
        return Response(RoomsPayload(queries.rooms.rooms_of(self.actor(request))))

    @documented(
        "create_room",
        "Make a room; you are its owner. With get_or_create, 200: it was there",
        request=NewRoom,
        answers={201: RoomPayload, 200: RoomPayload},
        errors={403: "forbidden", 409: "conflict"},
    )
    def post(self, request: Request) -> Response:
        fields = parse(NewRoom, request)
        if fields.pop("get_or_create"):
            room, created = rooms.get_or_create_room(self.actor(request), **fields)
            return Response(room, status=201 if created else 200)
        return Response(create_room(self.actor(request), **fields), status=201)


class RoomView(View):
    @documented(
        "get_room",
        "One room",
        answers={200: RoomPayload},
        errors={404: "room_not_found"},
    )
    def get(self, request: Request, room_id: str) -> Response:
        return Response(queries.rooms.room(self.actor(request), room_id))

    @documented(
        "update_room",
        "Change a room: moderators its name and topic, owners everything",
        request=RoomChanges,
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found", 409: "conflict"},
    )
    def patch(self, request: Request, room_id: str) -> Response:
        changes = parse(RoomChanges, request)
        return Response(update_room(self.actor(request), room_id, changes))

    @documented(
        "delete_room",
        "Delete a room and all that is in it; owners only",
        answers={204: None},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def delete(self, request: Request, room_id: str) -> Response:
        delete_room(self.actor(request), room_id)
        return Response(status=204)


class NamedRoomView(View):
    @documented(
        "get_room_by_name",
        "The public room of this name",
        answers={200: RoomPayload},
        errors={404: "room_not_found"},
    )
    def get(self, request: Request, name: str) -> Response:
        return Response(queries.rooms.room_by_name(self.actor(request), name))
