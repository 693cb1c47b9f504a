"""The members of a room: listing, adding and removing them; roles and mutes."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions import members
from chat.payloads.rooms import MemberPayload

from ..payloads import MembersPayload
from ..schema import documented
from ..serializers.base import parse
from ..serializers.members import NewMember, NewMute, NewRole
from .base import View

ROOM_ERRORS = {403: "forbidden", 404: "room_not_found"}
MEMBER_ERRORS = {403: "forbidden", 404: "room_not_found, user_not_found"}


class MembersView(View):
    @documented(
        "list_members",
        "Who belongs to the room",
        answers={200: MembersPayload},
        errors=ROOM_ERRORS,
    )
    def get(self, request: Request, room_id: str) -> Response:
        return Response(
            MembersPayload(queries.members.members(self.actor(request), room_id))
        )

    @documented(
        "add_member",
        "Make somebody a member; 200 when they were one. Moderators only",
        request=NewMember,
        answers={201: MemberPayload, 200: MemberPayload},
        errors=MEMBER_ERRORS,
    )
    def post(self, request: Request, room_id: str) -> Response:
        person = parse(NewMember, request)["user"]
        member, added = members.add_member(self.actor(request), room_id, person)
        return Response(member, status=201 if added else 200)


class MemberView(View):
    @documented(
        "change_role",
        "Make a member owner, moderator or plain member; owners only",
        request=NewRole,
        answers={200: MemberPayload},
        errors=MEMBER_ERRORS,
    )
    def patch(self, request: Request, room_id: str, user_id: str) -> Response:
        role = parse(NewRole, request)["role"]
        member = members.change_role(self.actor(request), room_id, user_id, role)
        return Response(member)

    @documented(
        "remove_member",
        "Take somebody out of the room; moderators only",
        answers={204: None},
        errors=MEMBER_ERRORS,
    )
    def delete(self, request: Request, room_id: str, user_id: str) -> Response:
        members.remove_member(self.actor(request), room_id, user_id)
        return Response(status=204)


class MuteView(View):
    @documented(
        "mute_member",
        "Let a member read and not write for a while; moderators only",
        request=NewMute,
        answers={200: MemberPayload},
        errors=MEMBER_ERRORS,
    )
    def put(self, request: Request, room_id: str, user_id: str) -> Response:
        seconds = parse(NewMute, request)["seconds"]
        member = members.mute_member(self.actor(request), room_id, user_id, seconds)
        return Response(member)

    @documented(
        "unmute_member",
        "Let a member write again; moderators only",
        answers={204: None},
        errors=MEMBER_ERRORS,
    )
    def delete(self, request: Request, room_id: str, user_id: str) -> Response:
        members.unmute_member(self.actor(request), room_id, user_id)
        return Response(status=204)
