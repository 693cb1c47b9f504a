"""The base of all views: who the actor is, and the limit on their commands."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.tokens import Identity
from core import limits
from core.errors import Unauthorized
from core.text import strip_hidden

from ..negotiation import JSONNegotiation


# No docstrings on these classes: they would become every operation's description.
class _JSONView(APIView):
    content_negotiation_class = JSONNegotiation

    def finalize_response(
        self, request: Any, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        # The view, DRF's request and its response refer to themselves, so they would be
        # in memory until the garbage collector finds them, with all that they hold. Its
        # search takes time, in which the sockets of this process wait too.
        answer: Any = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response):
            answer.render()
            answer.renderer_context.clear()
        request.parser_context.clear()
        # Django's `View.setup` made it, of `get`.
        vars(self).pop("head", None)
        return answer


class View(_JSONView):
    # Each request with a token counts as a command, as on the socket. Reading counts
    # too, since it costs as much as most writes. The web page loads with a dozen.
    def check_throttles(self, request: Request) -> None:
        if isinstance(request.auth, Identity):
            limits.commands.take(request.auth.actor.id)

    def actor(self, request: Request) -> Actor:
        return self.identity(request).actor

    def identity(self, request: Request) -> Identity:
        if not isinstance(request.auth, Identity):
            raise Unauthorized
        return request.auth


class PublicView(_JSONView):
    # The header is not read, so that a bad token in it does no harm.
    authentication_classes = ()
    permission_classes = ()


def address(request: Request) -> str:
    """The client's address as the server gives it. Limits count by its network."""
    return str(request.META.get("REMOTE_ADDR", ""))


def user_agent(request: Request) -> str:
    return strip_hidden(request.headers.get("User-Agent", ""))
