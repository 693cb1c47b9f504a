"""Finding people, and one person's profile."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.payloads.people import ProfilePayload

from ..payloads import UsersPayload
from ..schema import documented
from ..serializers.base import parse_query
from ..serializers.people import UsersQuery
from .base import View


class UsersView(View):
    @documented(
        "list_users",
        "People whose username or display name begins like this, at most 20",
        query=UsersQuery,
        answers={200: UsersPayload},
        errors={403: "forbidden"},
    )
    def get(self, request: Request) -> Response:
        search = parse_query(UsersQuery, request)["search"]
        return Response(UsersPayload(queries.people.users(self.actor(request), search)))


class UserView(View):
    @documented(
        "get_user",
        "One person",
        answers={200: ProfilePayload},
        errors={403: "forbidden", 404: "user_not_found"},
    )
    def get(self, request: Request, user_id: str) -> Response:
        return Response(queries.people.profile(self.actor(request), user_id))
