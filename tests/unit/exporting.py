"""Shared by the tests of exports: an archive, and its content."""

import json
import secrets
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from accounts.models import User
from chat.actions import exports
from chat.actions.messages import send_message
from chat.models import Export
from core.files import storage
from tests.people import acting


def made(user: User) -> ZipFile:
    exports.start_export(acting(user))
    export = Export.objects.get(user=user)
    exports.make_export(export.pk)
    export.refresh_from_db()
    assert export.state == "ready"
    with storage.opened("exports", export.file) as file:
        return ZipFile(BytesIO(file.read()))


def rows(archive: ZipFile, name: str) -> Any:
    return json.loads(archive.read(f"{name}.json"))


def say(user: User, room: str, body: str, *files: str) -> int:
    key = secrets.token_hex(8)
    return send_message(
        acting(user), room, client_id=key, body=body, attachments=files
    ).message.seq
