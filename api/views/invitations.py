"""Invitations: those of a room, those that a person was sent, and links."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions import invitations
from chat.payloads.invitations import InvitationPayload, InvitationPreviewPayload
from chat.payloads.rooms import RoomPayload
from core import limits

from ..payloads import InvitationsPayload, ReceivedInvitationsPayload
from ..schema import documented
from ..serializers.base import parse
from ..serializers.invitations import NewInvitation
from .base import View

_NOT_FOUND = {404: "invitation_not_found"}


class RoomInvitationsView(View):
    @documented(
        "list_invitations",
        "The open invitations of a room; moderators only",
        answers={200: InvitationsPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def get(self, request: Request, room_id: str) -> Response:
        payloads = queries.invitations.invitations(self.actor(request), room_id)
        return Response(InvitationsPayload(payloads))

    @documented(
        "create_invitation",
        "Invite a person, 200 when they were; or make a link. Moderators only",
        request=NewInvitation,
        answers={201: InvitationPayload, 200: InvitationPayload},
        errors={
            403: "forbidden",
            404: "room_not_found, user_not_found",
            409: "conflict",
        },
    )
    def post(self, request: Request, room_id: str) -> Response:
        actor, fields = self.actor(request), parse(NewInvitation, request)
        if "user" not in fields:
            link = invitations.make_link(actor, room_id, **fields)
            return Response(link, status=201)
        invitation, made = invitations.invite_person(actor, room_id, fields["user"])
        return Response(invitation, status=201 if made else 200)


class RoomInvitationView(View):
    @documented(
        "revoke_invitation",
        "Take an invitation back; moderators only",
        answers={204: None},
        errors={403: "forbidden", 404: "room_not_found, invitation_not_found"},
    )
    def delete(self, request: Request, room_id: str, invitation_id: str) -> Response:
        invitations.revoke(self.actor(request), room_id, invitation_id)
        return Response(status=204)


class MyInvitationsView(View):
    @documented(
        "list_my_invitations",
        "The rooms that you are invited to",
        answers={200: ReceivedInvitationsPayload},
    )
    def get(self, request: Request) -> Response:
        payloads = queries.invitations.received(self.actor(request))
        return Response(ReceivedInvitationsPayload(payloads))


class MyInvitationView(View):
    @documented(
        "decline_invitation",
        "Say no to an invitation",
        answers={204: None},
        errors=_NOT_FOUND,
    )
    def delete(self, request: Request, invitation_id: str) -> Response:
        invitations.decline(self.actor(request), invitation_id)
        return Response(status=204)


class AcceptInvitationView(View):
    @documented(
        "accept_invitation",
        "Become a member of the room that you are invited to",
        answers={200: RoomPayload},
        errors=_NOT_FOUND,
    )
    def post(self, request: Request, invitation_id: str) -> Response:
        return Response(invitations.accept(self.actor(request), invitation_id))


_LINK_ERRORS = {**_NOT_FOUND, 429: "rate_limited"}


class LinkView(View):
    @documented(
        "preview_invitation",
        "What a link leads to",
        answers={200: InvitationPreviewPayload},
        errors=_LINK_ERRORS,
    )
    def get(self, request: Request, code: str) -> Response:
        actor = self.actor(request)
        limits.invitation_codes.take(actor.id)
        return Response(queries.invitations.preview(actor, code))


class AcceptLinkView(View):
    @documented(
        "accept_link",
        "Become a member by a link; a member stays one, and no use is counted",
        answers={200: RoomPayload},
        errors=_LINK_ERRORS,
    )
    def post(self, request: Request, code: str) -> Response:
        return Response(invitations.accept_link(self.actor(request), code))
