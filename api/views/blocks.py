"""Blocks: people whom one does not want to hear from."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat import queries
from chat.actions import blocks

from ..payloads import BlocksPayload
from ..schema import documented
from .base import View


class BlocksView(View):
    @documented(
        "list_blocks", "Whom you do not hear from", answers={200: BlocksPayload}
    )
    def get(self, request: Request) -> Response:
        return Response(BlocksPayload(queries.blocks.blocks(self.actor(request))))


class BlockView(View):
    @documented(
        "block",
        "Hear no more from somebody: for them you are not there",
        answers={204: None},
        errors={400: "invalid", 403: "forbidden", 404: "user_not_found"},
    )
    def put(self, request: Request, user_id: str) -> Response:
        blocks.block(self.actor(request), user_id)
        return Response(status=204)

    @documented(
        "unblock",
        "Hear from somebody again",
        answers={204: None},
        errors={403: "forbidden", 404: "user_not_found"},
    )
    def delete(self, request: Request, user_id: str) -> Response:
        blocks.unblock(self.actor(request), user_id)
        return Response(status=204)
