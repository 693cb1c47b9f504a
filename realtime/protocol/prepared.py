"""Text frames, each made once for all sockets that get it.

The client masks its frames and the server does not (RFC 6455, 5.1). So the bytes that
go over the line are the same for every socket.
"""

# A server that takes bytes puts its transport into the scope's extensions by this name.
TRANSPORT = "hubbub.transport"


class PreparedFrame:
    __slots__ = ("_text", "size", "wire")

    def __init__(self, payload: bytes) -> None:
        self.size = len(payload)
        # Header and payload, for a server that takes bytes.
        self.wire = _header(self.size) + payload
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The payload, for a server that takes text. All of its sockets share it."""
        if self._text is None:
            self._text = self.wire.removeprefix(_header(self.size)).decode()
        return self._text


def _header(size: int) -> bytes:
    """One whole text frame (0x81), with the shortest form of its length."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2)
    return b"\x81\x7f" + size.to_bytes(8)
