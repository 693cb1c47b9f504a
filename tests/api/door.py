"""The REST door as one person sees it: requests in, answers out, refusals checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.test import APIClient

_BOUNDARY = "a-boundary-of-tests"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Upload:
    """A multipart body with one file. The name goes out as it is, whatever it is."""

    name: str
    content: bytes
    content_type: str = "image/png"
    field: str = "file"

    @property
    def header(self) -> str:
        return f"multipart/form-data; boundary={_BOUNDARY}"

    def body(self) -> bytes:
        head = (
            f"--{_BOUNDARY}\r\nContent-Disposition: form-data;"
            f' name="{self.field}"; filename="{self.name}"\r\n'
            f"Content-Type: {self.content_type}\r\n\r\n"
        )
        return head.encode() + self.content + f"\r\n--{_BOUNDARY}--\r\n".encode()


class Door:
    """Paths are below /api/v1/. Without a token: anonymous."""

    def __init__(self, token: str = "") -> None:
        # As a real client is checked; the tests' own lets everything pass.
        self.client = APIClient(enforce_csrf_checks=True)
        if token:
            self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    def get(self, path: str, **meta: Any) -> Answer:
        return self.raw("GET", path, **meta)

    def post(self, path: str, body: object = None) -> Answer:
        return self.send("POST", path, body)

    def patch(self, path: str, body: object = None) -> Answer:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        return self.raw("DELETE", path)

    def send(self, method: str, path: str, body: object = None) -> Answer:
        """Nothing is sent for None; write `raw` to send a null."""
        if isinstance(body, Upload):
            return self.raw(method, path, body.body(), body.header)
        content = b"" if body is None else json.dumps(body).encode()
        return self.raw(method, path, content)

    def raw(
        self,
        method: str,
        path: str,
        content: Any = b"",
        content_type: str = "application/json",
        **meta: Any,
    ) -> Answer:
        response = self.client.generic(
            method, f"/api/v1/{path}", content, content_type, **meta
        )
        content = response.getvalue()
        return Answer(response.status_code, dict(response.items()), content)


def check_refused(answer: Answer, status: int, code: str, *fields: str) -> None:
    """The one shape of errors: `code`, `detail`, and `fields` where some are wrong."""
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert (answer.status, body.get("code")) == (status, code), body
    assert isinstance(body["detail"], str)
    assert set(body) <= {"code", "detail", "fields", "retry_after"}
    assert set(body.get("fields", {})) == set(fields), body
    for problems in body.get("fields", {}).values():
        assert problems
        assert all(isinstance(problem, str) for problem in problems)
