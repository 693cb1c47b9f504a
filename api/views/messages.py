"""Messages of a room: a page of them, one, a new one."""

from msgspec import Raw
from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions.messages import delete_message, edit_message, send_message
from chat.payloads.messages import HistoryPayload, MessagePayload

from ..schema import documented
from ..serializers.base import parse, parse_query
from ..serializers.messages import HistoryQuery, MessageEdit, NewMessage
from .base import View

_ROOM_ERRORS = {403: "forbidden", 404: "room_not_found"}


class MessagesView(View):
    @documented(
        "list_messages",
        "A page of the room's log, ascending by seq; the newest without a cursor",
        query=HistoryQuery,
        answers={200: HistoryPayload},
        errors=_ROOM_ERRORS,
    )
    def get(self, request: Request, room_id: str) -> Response:
        query = parse_query(HistoryQuery, request)
        return Response(queries.messages.history(self.actor(request), room_id, **query))

    @documented(
        "send_message",
        "Send a message; 200 when this client_id was sent before. `/pm name text`"
        " goes to the direct room with that person",
        request=NewMessage,
        answers={201: MessagePayload, 200: MessagePayload},
        errors={
            403: "forbidden, muted",
            404: "room_not_found, message_not_found, user_not_found",
            409: "conflict",
            413: "too_long",
            429: "rate_limited",
        },
    )
    def post(self, request: Request, room_id: str) -> Response:
        fields = parse(NewMessage, request)
        sent = send_message(self.actor(request), room_id, **fields)
        return Response(sent.message, status=200 if sent.duplicate else 201)


_CHANGE_ERRORS = {
    403: "forbidden, muted",
    404: "room_not_found, message_not_found",
    429: "rate_limited",
}


class MessageView(View):
    @documented(
        "edit_message",
        "Edit your message",
        request=MessageEdit,
        answers={200: MessagePayload},
        errors={**_CHANGE_ERRORS, 413: "too_long"},
    )
    def patch(self, request: Request, room_id: str, seq: int) -> Response:
        body = parse(MessageEdit, request)["body"]
        changed = edit_message(self.actor(request), room_id, seq, body=body)
        return Response(Raw(changed.json))

    @documented(
        "delete_message",
        "Delete a message: the row stays, without its text",
        answers={200: MessagePayload},
        errors=_CHANGE_ERRORS,
    )
    def delete(self, request: Request, room_id: str, seq: int) -> Response:
        changed = delete_message(self.actor(request), room_id, seq)
        return Response(Raw(changed.json))

    @documented(
        "get_message",
        "One message",
        answers={200: MessagePayload},
        errors={403: "forbidden", 404: "room_not_found, message_not_found"},
    )
    def get(self, request: Request, room_id: str, seq: int) -> Response:
        return Response(queries.messages.one_message(self.actor(request), room_id, seq))
