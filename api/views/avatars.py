"""The pictures of people and rooms."""

import re
from typing import Any

from django.http import FileResponse, Http404
from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries, quotas
from chat.actions import avatars
from chat.payloads.rooms import RoomPayload

from ..downloads import avatar_file
from ..payloads import MePayload, me_payload
from ..schema import documented
from .attachments import FILE_BODY, PICTURE, UploadView
from .base import PublicView

_NAME = re.compile(r"[0-9a-f]{32}")


class MyAvatarView(UploadView):
    @documented(
        "set_my_avatar",
        "Your picture: the middle of what you send",
        request=FILE_BODY,
        answers={200: MePayload},
        errors={
            413: "too_long, quota_exceeded",
            429: "rate_limited",
            503: "unavailable",
        },
    )
    def put(self, request: Request) -> Response:
        user = avatars.change_avatar(self.actor(request), self.file(request))
        return Response(me_payload(user, quotas.used_by(user)))

    @documented("remove_my_avatar", "Without a picture", answers={200: MePayload})
    def delete(self, request: Request) -> Response:
        user = avatars.remove_avatar(self.actor(request))
        return Response(me_payload(user, quotas.used_by(user)))


class RoomAvatarView(UploadView):
    @documented(
        "set_room_avatar",
        "A room's picture; owners and moderators",
        request=FILE_BODY,
        answers={200: RoomPayload},
        errors={
            403: "forbidden",
            404: "room_not_found",
            413: "too_long, quota_exceeded",
            429: "rate_limited",
            503: "unavailable",
        },
    )
    def put(self, request: Request, room_id: str) -> Response:
        actor = self.actor(request)
        # Before the body is parsed for the picture.
        queries.rooms.check_change(actor, room_id, {"avatar"})
        room = avatars.change_room_avatar(actor, room_id, self.file(request))
        return Response(room)

    @documented(
        "remove_room_avatar",
        "A room without a picture",
        answers={200: RoomPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def delete(self, request: Request, room_id: str) -> Response:
        return Response(avatars.remove_room_avatar(self.actor(request), room_id))


class AvatarView(PublicView):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)

    @documented(
        "get_avatar",
        "A picture of a person or a room; its name is the key",
        answers=PICTURE,
        errors={404: "not_found", 429: "rate_limited"},
        public=True,
    )
    def get(self, request: Request, avatar: str) -> FileResponse:
        if not _NAME.fullmatch(avatar):
            raise Http404
        return avatar_file(avatar)
