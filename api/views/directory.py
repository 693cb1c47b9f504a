"""The directory of public rooms."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.payloads.rooms import DirectoryPayload

from ..schema import documented
from ..serializers.base import parse_query
from ..serializers.directory import DirectoryQuery
from .base import View


class DirectoryView(View):
    @documented(
        "list_directory",
        "The public rooms, by name, with how many belong to each and are online",
        query=DirectoryQuery,
        answers={200: DirectoryPayload},
    )
    def get(self, request: Request) -> Response:
        query = parse_query(DirectoryQuery, request)
        return Response(queries.directory.directory(self.actor(request), **query))
