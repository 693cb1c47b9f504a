"""One's own account: profile, password, address, devices."""

from uuid import UUID

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import passwords, sessions
from accounts.mails import change_email
from chat import quotas
from chat.actions.departures import close_account
from chat.actions.profile import change_profile
from core import limits

from ..payloads import (
    MePayload,
    PairPayload,
    SessionsPayload,
    me_payload,
    session_payload,
)
from ..schema import documented
from ..serializers.auth import AccountDeletion, EmailChange, PasswordChange, Profile
from ..serializers.base import parse
from .base import View, address, user_agent


class MeView(View):
    @documented("get_me", "Yourself", answers={200: MePayload})
    def get(self, request: Request) -> Response:
        user = self.actor(request).user
        return Response(me_payload(user, quotas.used_by(user)))

    @documented(
        "update_me",
        "Change your profile",
        request=Profile,
        answers={200: MePayload},
        errors={403: "forbidden"},
    )
    def patch(self, request: Request) -> Response:
        user = change_profile(self.actor(request), parse(Profile, request))
        return Response(me_payload(user, quotas.used_by(user)))


class PasswordView(View):
    @documented(
        "change_password",
        "Change your password; all other devices are logged out",
        request=PasswordChange,
        answers={200: PairPayload},
        errors={403: "forbidden", 429: "rate_limited"},
    )
    def post(self, request: Request) -> Response:
        pair = passwords.change_password(
            self.actor(request),
            **parse(PasswordChange, request),
            user_agent=user_agent(request),
        )
        return Response(PairPayload(pair.access, pair.refresh))


class DeleteView(View):
    @documented(
        "delete_me",
        "Delete your account; your messages stay without your name, or go",
        request=AccountDeletion,
        answers={204: None},
        errors={403: "forbidden", 409: "conflict", 429: "rate_limited"},
    )
    def post(self, request: Request) -> Response:
        close_account(self.actor(request), **parse(AccountDeletion, request))
        return Response(status=204)


class EmailView(View):
    @documented(
        "change_email",
        "Give an e-mail address; a link to confirm it is mailed there",
        request=EmailChange,
        answers={204: None},
        errors={403: "forbidden", 429: "rate_limited"},
    )
    def post(self, request: Request) -> Response:
        limits.network_mails.take(address(request))
        change_email(self.actor(request), **parse(EmailChange, request))
        return Response(status=204)


class SessionsView(View):
    @documented(
        "list_sessions", "Where you are logged in", answers={200: SessionsPayload}
    )
    def get(self, request: Request) -> Response:
        actor = self.actor(request)
        opened = sessions.open_sessions(actor.user)
        payloads = [session_payload(one, actor.session_id) for one in opened]
        return Response(SessionsPayload(payloads))


class SessionView(View):
    @documented(
        "end_session",
        "Log out one device",
        answers={204: None},
        errors={404: "not_found"},
    )
    def delete(self, request: Request, session_id: UUID) -> Response:
        if not sessions.log_out(self.actor(request), session_id):
            raise Http404
        return Response(status=204)
