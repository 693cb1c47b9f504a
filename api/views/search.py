"""Searching the messages of one's rooms."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import check_account
from chat.payloads.messages import SearchPayload
from chat.queries.search import search
from core import limits

from ..schema import documented
from ..serializers.base import parse_query
from ..serializers.search import SearchQuery
from .base import View


class SearchView(View):
    @documented(
        "search_messages",
        "What was said in the rooms that you belong to, newest first",
        query=SearchQuery,
        answers={200: SearchPayload},
        errors={403: "forbidden", 404: "room_not_found", 429: "rate_limited"},
    )
    def get(self, request: Request) -> Response:
        actor, query = self.actor(request), parse_query(SearchQuery, request)
        # First, so that the refusal of a guest takes nothing from the limit.
        check_account(actor)
        limits.searches.take(actor.id)
        return Response(search(actor, **query))
