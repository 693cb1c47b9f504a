"""Yourself: profile, password, devices."""

from uuid import UUID

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import people
from chat.actions import sessions

from ..payloads import (
    MePayload,
    PairPayload,
    SessionsPayload,
    me_payload,
    session_payload,
)
from ..schema import documented
from ..serializers.auth import PasswordChange, Profile
from ..serializers.base import parse
from .base import View, user_agent


class MeView(View):
    @documented("get_me", "Yourself", answers={200: MePayload})
    def get(self, request: Request) -> Response:
        return Response(me_payload(self.user(request)))

    @documented(
        "update_me", "Change your profile", request=Profile, answers={200: MePayload}
    )
    def patch(self, request: Request) -> Response:
        user = people.change_profile(self.user(request), **parse(Profile, request))
        return Response(me_payload(user))


class PasswordView(View):
    @documented(
        "change_password",
        "Change your password; all other devices are logged out",
        request=PasswordChange,
        answers={200: PairPayload},
    )
    def post(self, request: Request) -> Response:
        pair = sessions.change_password(
            self.user(request),
            **parse(PasswordChange, request),
            user_agent=user_agent(request),
        )
        return Response(PairPayload(pair.access, pair.refresh))


class SessionsView(View):
    @documented(
        "list_sessions", "Where you are logged in", answers={200: SessionsPayload}
    )
    def get(self, request: Request) -> Response:
        identity = self.identity(request)
        found = people.open_sessions(identity.user)
        payloads = [session_payload(s, identity.session_id) for s in found]
        return Response(SessionsPayload(payloads))


class SessionView(View):
    @documented(
        "end_session",
        "Log out one device",
        answers={204: None},
        errors={404: "not_found"},
    )
    def delete(self, request: Request, session_id: UUID) -> Response:
        if not sessions.log_out(self.user(request), session_id):
            raise Http404
        return Response(status=204)
