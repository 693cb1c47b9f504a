"""The lines that wsload sends to each server.

No other module of the bench knows a wire protocol but `client.py`, which speaks
Hubbub's to measure single people.

Names in braces are filled in by wsload (bench/wsload/templates.c). The column of
a person is what they subscribe to.
"""

import secrets

import msgspec


class Dialect(msgspec.Struct, frozen=True):
    """`script` makes a connection ready: lines `send TEXT` and `expect SUBSTRING`."""

    path: str
    script: tuple[str, ...]
    message: str


_WORDS = "{stamp} is anybody there?"


def hubbub() -> Dialect:
    """Each run has keys of its own, because a sender uses a key once in a room."""
    key = secrets.token_hex(8)
    return Dialect(
        path="/ws/v1?token={token}",
        script=(
            'expect "hello"',
            'send {"type":"subscribe","ref":1,"rooms":{column}}',
            'expect {"type":"reply","ref":1',
        ),
        message=(
            '{"type":"message.send","ref":{n},"room":"{room_id}",'
            f'"client_id":"{key}-{{n}}","body":"{_WORDS}"}}'
        ),
    )


def naive() -> Dialect:
    """The server joins the group before it answers the handshake."""
    return Dialect(
        path="/ws/chat/bench{room}/?username=load{i}",
        script=(),
        message=f'{{"message":"{_WORDS}"}}',
    )


def socketio() -> Dialect:
    """Engine.IO 4: 0 opens, 40 connects to the namespace, 42 is an event."""
    return Dialect(
        path="/socket.io/?EIO=4&transport=websocket",
        script=(
            "expect 0{",
            "send 40",
            "expect 40{",
            'send 42["join","bench{room}"]',
            'expect 42["joined"',
        ),
        message=f'42["send","{_WORDS}"]',
    )


DIALECTS = {"hubbub": hubbub, "naive": naive, "socketio": socketio}
