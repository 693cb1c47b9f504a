"""The wire protocol of each server. No other module of the bench knows one."""

import uuid

import msgspec

from bench.client import Client


class _Answer(msgspec.Struct):
    """The fields of a Hubbub frame that the load reads. It skips all others."""

    type: str
    ref: int | None = None
    n: int | None = None
    code: str = ""


_decode = msgspec.json.Decoder(_Answer).decode
_encode = msgspec.json.encode


class HubbubClient(Client):
    """Version 1 of Hubbub's protocol; `ref` 1 subscribes, every later one sends."""

    _ref = 1

    def path(self) -> str:
        return f"/ws/v1?token={self.person.token}"

    def on_open(self) -> None:
        # A `client_id` must be unique for its sender and room, over all runs too.
        self._run = uuid.uuid4().hex[:20].encode()
        rooms = [{"room": self.person.room}]
        self.write_text(_encode({"type": "subscribe", "ref": 1, "rooms": rooms}))

    def message(self, body: bytes) -> bytes:
        self._ref += 1
        return (
            b'{"type":"message.send","ref":%d,"room":"%s","client_id":"%s%012x",'
            b'"body":"%s"}'
        ) % (self._ref, self.person.room.encode(), self._run, self._ref, body)

    def on_text(self, text: bytes) -> None:
        # Nearly all frames are deliveries, which can be told without decoding.
        if text.startswith(b'{"type":"message.created"'):
            self.count_deliveries(text)
            return
        answer = _decode(text)
        if answer.type in ("message.created", "room.changes"):
            self.count_deliveries(text)
        elif answer.type == "reply":
            self._on_reply(answer, text)
        elif answer.type == "ping":
            self.write_text(b'{"type":"pong","n":%d}' % (answer.n or 0))
        elif answer.type == "error":
            self._on_error(answer)

    def _on_reply(self, answer: _Answer, text: bytes) -> None:
        if answer.ref != 1:
            self.acknowledge()
        elif b'"error"' in text:
            self.fail(f"not subscribed: {text[:300]!r}")
        else:
            self.ready.set_result(None)

    def _on_error(self, answer: _Answer) -> None:
        """Count it and send nothing. The scenario's watch sends again later, so that an
        error does not become a busy loop."""
        self._tally.errors += 1
        self._tally.last_error = answer.code
        self.fail(f"error: {answer.code}")


class NaiveClient(Client):
    """The baseline in `bench/naive`. Without a reply, a sender waits for its echo."""

    def path(self) -> str:
        return f"/ws/chat/{self.person.room}/?username={self.person.username}"

    def on_open(self) -> None:
        # The server joined the group before it answered the handshake.
        self.ready.set_result(None)

    def message(self, body: bytes) -> bytes:
        return b'{"message":"%s"}' % body

    def on_text(self, text: bytes) -> None:
        self.count_deliveries(text)
        if self.sent_at and self.stamp in text:
            self.acknowledge()


DIALECTS: dict[str, type[Client]] = {"hubbub": HubbubClient, "naive": NaiveClient}
