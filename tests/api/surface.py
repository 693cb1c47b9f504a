"""Every operation of openapi.yaml, to be tried by tests that hold for all of them."""

from typing import NamedTuple

import yaml
from django.conf import settings

ROOM = "019c0000-0000-7000-8000-000000000000"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Operation(NamedTuple):
    method: str
    template: str
    is_public: bool

    def path(self, room_id: str = ROOM) -> str:
        return self.template.format(
            room_id=room_id,
            seq=1,
            session_id=ROOM,
            name="general",
            user_id=ROOM,
            attachment_id=ROOM,
            avatar="0" * 32,
            emoji="👍",
            invitation_id=ROOM,
            code="nobodyknowsthis",
        )


def _operations() -> list[Operation]:
    document = yaml.safe_load((settings.BASE_DIR / "openapi.yaml").read_text())
    return [
        Operation(
            method.upper(),
            path.removeprefix("/api/v1/"),
            is_public="security" not in operation,
        )
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method.upper() in METHODS
    ]


OPERATIONS = _operations()
PRIVATE = [operation for operation in OPERATIONS if not operation.is_public]
# Their bodies are no JSON.
UPLOADS = [
    operation
    for operation in OPERATIONS
    if operation.method in {"POST", "PUT"}
    and operation.template.endswith(("/avatar", "/attachments"))
]
OF_A_ROOM = [operation for operation in OPERATIONS if "{room_id}" in operation.template]


def name(operation: object) -> str:
    """The name of the case for pytest."""
    if isinstance(operation, Operation):
        return f"{operation.method} {operation.template}"
    return str(operation)
