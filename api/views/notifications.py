"""The notification level of a person in a room."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import notifications
from chat.payloads.rooms import RoomPayload

from ..schema import documented
from ..serializers.base import parse
from ..serializers.notifications import NotificationLevel
from .base import View


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
        return Response(notifications.set_level(self.actor(request), room_id, level))
