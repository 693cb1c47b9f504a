"""What views share: the person who asks, known to be logged in."""

from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.text import seen
from accounts.tokens import Identity
from chat.addresses import network_of
from chat.errors import Unauthorized


# No docstrings on these classes: they would become every operation's description.
class View(APIView):
    def user(self, request: Request) -> User:
        return self.identity(request).user

    def identity(self, request: Request) -> Identity:
        if not isinstance(request.auth, Identity):
            raise Unauthorized
        return request.auth


class PublicView(APIView):
    # A bad token in the header does no harm where none is needed.
    authentication_classes = ()
    permission_classes = ()


def network(request: Request) -> str:
    """Where it comes from, as far as the network tells: limits count by it."""
    return network_of(str(request.META.get("REMOTE_ADDR", "")))


def user_agent(request: Request) -> str:
    return seen(request.headers.get("User-Agent", ""))
