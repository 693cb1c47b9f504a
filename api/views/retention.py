"""How long a room keeps its messages."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.payloads.rooms import RetentionPayload

from ..schema import documented
from ..serializers.base import parse_query
from ..serializers.retention import RetentionQuery
from .base import View


class RetentionView(View):
    @documented(
        "preview_retention",
        "What would be deleted if messages were kept for so many days; owners only",
        query=RetentionQuery,
        answers={200: RetentionPayload},
        errors={403: "forbidden", 404: "room_not_found"},
    )
    def get(self, request: Request, room_id: str) -> Response:
        days = parse_query(RetentionQuery, request)["days"]
        actor = self.actor(request)
        return Response(queries.retention.preview(actor, room_id, days))
