"""The limits of the server."""

from rest_framework.request import Request
from rest_framework.response import Response

from core.limits.table import LIMITS, Limits

from ..schema import documented
from .base import PublicView


class LimitsView(PublicView):
    @documented(
        "get_limits", "Every limit, as in `hello`", answers={200: Limits}, public=True
    )
    def get(self, request: Request) -> Response:
        return Response(LIMITS)
