"""WebSocket frames as a client sees them: bytes in, bytes out, no sockets."""

import base64
import os

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A

Frame = tuple[int, bytes]


def upgrade_request(*, path: str, host: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def encode(first: int, payload: bytes) -> bytes:
    """One whole client frame; `first` is the FIN bit and the opcode.

    The mask is four zero bytes, which is legal and leaves the payload as it is.
    """
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


def split(buffer: bytes) -> tuple[list[Frame], bytes]:
    """The complete frames of `buffer`, and the bytes of the incomplete last one."""
    frames: list[Frame] = []
    at, end = 0, len(buffer)
    while end - at >= 2:
        start, size = at + 2, buffer[at + 1]
        if size >= 126:
            start += 2 if size == 126 else 8
            size = int.from_bytes(buffer[at + 2 : start], "big")
        if start + size > end:
            break
        frames.append((buffer[at], buffer[start : start + size]))
        at = start + size
    return frames, buffer[at:]
