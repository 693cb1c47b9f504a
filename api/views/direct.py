"""Direct rooms and groups."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions.direct import create_group, open_direct
from chat.payloads.rooms import RoomPayload

from ..schema import documented
from ..serializers.base import parse
from ..serializers.direct import NewDirect
from .base import View


class DirectView(View):
    @documented(
        "open_direct",
        "The direct room with one person, 200 when it was there; or a new group",
        request=NewDirect,
        answers={201: RoomPayload, 200: RoomPayload},
        errors={403: "forbidden", 404: "user_not_found"},
    )
    def post(self, request: Request) -> Response:
        actor, fields = self.actor(request), parse(NewDirect, request)
        if "users" in fields:
            return Response(create_group(actor, fields["users"]), status=201)
        room, made = open_direct(actor, fields["user"])
        return Response(room, status=201 if made else 200)
