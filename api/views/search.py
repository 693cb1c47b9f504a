"""Searching one's rooms."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads.messages import SearchPayload
from chat.queries.search import search

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
        query = parse_query(SearchQuery, request)
        return Response(search(self.actor(request), **query))
