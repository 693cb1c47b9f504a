"""Rooms: mine, the public ones, one; joining and leaving."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions import memberships, notifications
from chat.actions.rooms import create_room, delete_room, update_room
from chat.payloads import DirectoryPayload, RetentionPayload, RoomPayload

from ..payloads import RoomsPayload
from ..schema import documented
from ..serializers.base import parse, parse_query
from ..serializers.rooms import (
    DirectoryQuery,
    NewRoom,
    NotificationLevel,
    RetentionQuery,
    RoomChanges,
)
from .base import View


class RoomsView(View):
    @documented(
        "list_rooms", "The rooms that you belong to", answers={200: RoomsPayload}
    )
    def get(self, request: Request) -> Response:
        return Response(RoomsPayload(queries.rooms.rooms_of(self.user(request))))

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
            room, created = memberships.get_or_create_room(self.user(request), **fields)
            return Response(room, status=201 if created else 200)
        return Response(create_room(self.user(request), **fields), status=201)


class DirectoryView(View):
    @documented(
        "list_directory",
        "The public rooms, by name, with how many belong to each and are online",
        query=DirectoryQuery,
        answers={200: DirectoryPayload},
    )
    def get(self, request: Request) -> Response:
        query = parse_query(DirectoryQuery, request)
        return Response(queries.directory.directory(self.user(request), **query))


class RoomView(View):
    @documented(
        "get_room",
        "One room",
        answers={200: RoomPayload},
        errors={404: "room_not_found"},
    )
    def get(self, request: Request, room_id: str) -> Response:
        return Response(queries.rooms.room(self.user(request), room_id))

    @documented(
        "update_room",
        "Change a room: moderators its name and topic, owners everything",
        request=RoomChanges,
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found", 409: "conflict"},
    )
    def patch(self, request: Request, room_id: str) -> Response:
        changes = parse(RoomChanges, request)
        return Response(update_room(self.user(request), room_id, changes))

    @documented(
        "delete_room",
        "Delete a room and all that is in it; owners only",
        answers={204: None},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def delete(self, request: Request, room_id: str) -> Response:
        delete_room(self.user(request), room_id)
        return Response(status=204)


class NamedRoomView(View):
    @documented(
        "get_room_by_name",
        "The public room of this name",
        answers={200: RoomPayload},
        errors={404: "room_not_found"},
    )
    def get(self, request: Request, name: str) -> Response:
        return Response(queries.rooms.room_by_name(self.user(request), name))


class JoinView(View):
    @documented(
        "join_room",
        "Become a member",
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def post(self, request: Request, room_id: str) -> Response:
        return Response(memberships.join_room(self.user(request), room_id))


class NotificationsView(View):
    @documented(
        "set_notification_level",
        "What you want to be notified of in this room",
        request=NotificationLevel,
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def put(self, request: Request, room_id: str) -> Response:
        level = parse(NotificationLevel, request)["level"]
        return Response(notifications.set_level(self.user(request), room_id, level))


class RetentionView(View):
    @documented(
        "preview_retention",
        "What would be deleted if messages were kept for so many days; owners only",
        query=RetentionQuery,
        answers={200: RetentionPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def get(self, request: Request, room_id: str) -> Response:
        days = parse_query(RetentionQuery, request)["days"]
        user = self.user(request)
        return Response(queries.retention.preview(user, room_id, days))


class LeaveView(View):
    @documented(
        "leave_room",
        "Be a member no longer",
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def post(self, request: Request, room_id: str) -> Response:
        return Response(memberships.leave_room(self.user(request), room_id))
