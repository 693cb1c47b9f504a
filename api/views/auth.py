"""Registering, logging in and out, refreshing, tickets."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import passwords, sessions, tokens
from accounts.guests import admit_guest
from accounts.mails import ask_for_reset, confirm_email
from accounts.registration import register
from accounts.token_kinds import TICKET_LIFETIME
from core import limits

from ..payloads import LoginPayload, PairPayload, TicketPayload, login_payload
from ..schema import documented
from ..serializers.auth import (
    Guest,
    Login,
    PasswordReset,
    Proof,
    Refresh,
    Registration,
    ResetRequest,
)
from ..serializers.base import parse
from .base import PublicView, View, address, user_agent


class RegisterView(PublicView):
    @documented(
        "register",
        "Make an account and log in",
        request=Registration,
        answers={201: LoginPayload},
        errors={429: "rate_limited"},
        public=True,
    )
    def post(self, request: Request) -> Response:
        limits.registrations.take(address(request))
        fields = parse(Registration, request)
        user, pair = register(**fields, user_agent=user_agent(request))
        return Response(login_payload(user, pair), status=201)


class LoginView(PublicView):
    @documented(
        "log_in",
        "Log in",
        request=Login,
        answers={200: LoginPayload},
        errors={401: "unauthorized", 429: "rate_limited"},
        public=True,
    )
    def post(self, request: Request) -> Response:
        limits.logins.take(address(request))
        fields = parse(Login, request)
        user, pair = sessions.log_in(**fields, user_agent=user_agent(request))
        return Response(login_payload(user, pair))


class GuestView(PublicView):
    @documented(
        "enter_as_guest",
        "Read the rooms that allow it, without an account",
        request=Guest,
        answers={201: LoginPayload},
        errors={403: "forbidden", 429: "rate_limited"},
        public=True,
    )
    def post(self, request: Request) -> Response:
        limits.guests.take(address(request))
        fields = parse(Guest, request)
        guest, pair = admit_guest(**fields, user_agent=user_agent(request))
        return Response(login_payload(guest, pair), status=201)


class RefreshView(PublicView):
    @documented(
        "refresh",
        "Exchange a refresh token for a new pair",
        request=Refresh,
        answers={200: PairPayload},
        errors={401: "unauthorized, token_expired", 429: "rate_limited"},
        public=True,
    )
    def post(self, request: Request) -> Response:
        limits.refreshes.take(address(request))
        pair = sessions.refresh(parse(Refresh, request)["refresh"])
        return Response(PairPayload(pair.access, pair.refresh))


class LogoutView(View):
    @documented(
        "log_out", "Log out this device; its sockets close", answers={204: None}
    )
    def post(self, request: Request) -> Response:
        actor = self.actor(request)
        sessions.log_out(actor, actor.session_id)
        return Response(status=204)


class LogoutAllView(View):
    @documented(
        "log_out_everywhere",
        "Log out everywhere; all sockets close",
        answers={204: None},
    )
    def post(self, request: Request) -> Response:
        sessions.log_out_everywhere(self.actor(request))
        return Response(status=204)


class TicketView(View):
    @documented(
        "create_ticket",
        "A ticket for one socket, to be put into its URL",
        answers={201: TicketPayload},
    )
    def post(self, request: Request) -> Response:
        ticket = tokens.issue_ticket(self.identity(request))
        lifetime = int(TICKET_LIFETIME.total_seconds())
        return Response(
            TicketPayload(ticket, lifetime),
            status=201,
            headers={"Cache-Control": "no-store"},
        )


class ResetRequestView(PublicView):
    @documented(
        "ask_for_password_reset",
        "Have a link mailed that sets a new password; the answer is always the same",
        request=ResetRequest,
        answers={204: None},
        errors={403: "forbidden", 429: "rate_limited"},
        public=True,
    )
    def post(self, request: Request) -> Response:
        limits.network_mails.take(address(request))
        ask_for_reset(**parse(ResetRequest, request))
        return Response(status=204)


class PasswordResetView(PublicView):
    @documented(
        "reset_password",
        "Set a new password by the mailed token; every session ends",
        request=PasswordReset,
        answers={204: None},
        errors={429: "rate_limited"},
        public=True,
    )
    def post(self, request: Request) -> Response:
        limits.logins.take(address(request))
        passwords.reset_password(**parse(PasswordReset, request))
        return Response(status=204)


class EmailView(PublicView):
    @documented(
        "confirm_email",
        "Confirm an address by the mailed token",
        request=Proof,
        answers={204: None},
        errors={409: "conflict", 429: "rate_limited"},
        public=True,
    )
    def post(self, request: Request) -> Response:
        limits.logins.take(address(request))
        confirm_email(**parse(Proof, request))
        return Response(status=204)
