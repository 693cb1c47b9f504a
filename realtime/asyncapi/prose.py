"""The parts of the document that are prose: the address, the tokens, and every code."""

from core.limits.table import LIMITS

from ..handshake.token import SUBPROTOCOL
from ..protocol import frames
from ..protocol.close_codes import CloseCode
from .messages import MESSAGES
from .schemas import flat
from .surface import Json, refusals


def info() -> Json:
    return {
        "title": "Hubbub: the socket",
        "version": f"{frames.PROTOCOL}.0.0",
        "description": (
            "One WebSocket per client carries all of its rooms. One JSON object in one"
            f" text frame, to the server at most {LIMITS.frame_bytes} bytes. A command"
            " gets one reply or one error, with its `ref`. An unknown field in a"
            " command is an error; in what the server sends, ignore fields and events"
            " that you do not know. docs/protocol.md says the rest, openapi.yaml"
            " describes the REST API."
        ),
        "license": {"name": "MIT"},
    }


def servers() -> Json:
    security = [
        {"$ref": f"#/components/securitySchemes/{name}"} for name in security_schemes()
    ]
    where = "The socket is at `/ws/v1`. Send one token, in one of three places."
    return {
        "local": {
            "host": "localhost:8000",
            "protocol": "ws",
            "description": f"`make run`. {where}",
            "security": security,
        },
        "yours": {
            "host": "{host}",
            "protocol": "wss",
            "description": f"Your own. {where}",
            "variables": {"host": {"default": "chat.example.org"}},
            "security": security,
        },
    }


def security_schemes() -> Json:
    return {
        "query": {
            "type": "httpApiKey",
            "in": "query",
            "name": "token",
            "description": (
                "A ticket (`POST /api/v1/auth/ticket`), or an access token unless the"
                " server wants tickets here. For browsers."
            ),
        },
        "header": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token or a ticket. For bots and mobile apps.",
        },
        "subprotocol": {
            "type": "httpApiKey",
            "in": "header",
            "name": "Sec-WebSocket-Protocol",
            "description": (
                f"`{SUBPROTOCOL}, hubbub.token.<token>`, with an access token or a"
                f" ticket; answered with `{SUBPROTOCOL}`. For browsers."
            ),
        },
    }


def channel(messages: Json) -> Json:
    token = {"type": "string", "description": "A ticket or an access token."}
    return {
        "address": "/ws/v1",
        "description": (
            "The first frame is `hello`, the last that the server can write is `bye`,"
            " then comes the close with the same code. 4000-4499: reconnect."
            " 4500-4999: stop. A token that is refused gets `bye` alone."
        ),
        "messages": {name: {"$ref": MESSAGES + name} for name in messages},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {"type": "object", "properties": {"token": token}},
                "bindingVersion": "0.1.0",
            }
        },
    }


def error_codes() -> list[Json]:
    return [
        {"code": cls.code, "status": cls.status, "detail": cls.detail}
        | ({"description": flat(cls.__doc__)} if cls.__doc__ else {})
        for cls in refusals()
    ]


def close_codes() -> list[Json]:
    return [
        {"code": int(code), "reason": code.reason, "reconnect": code.reconnect}
        for code in CloseCode
    ]
