"""Every operation of openapi.yaml gets valid and invalid requests: all checks of
schemathesis hold, and no answer is a 500.

This runs on one server only, because Django parses the requests behind both.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import ROOT

from .conftest import SCALE, Target

EXAMPLES = 12 * SCALE
NAME, PASSWORD = "fuzzer", "a-password-of-tests-1"
# Operations with rules that a schema cannot express: the right or a good password,
# fields that go together, the characters of a text, a real emoji, picture or cursor,
# and that people cannot block or invite themselves.
INEXPRESSIBLE = (
    "add_reaction ask_for_password_reset block change_email change_password"
    " change_role confirm_email create_invitation create_room delete_me edit_message"
    " enter_as_guest list_directory list_messages list_users open_direct register"
    " reset_password search_messages send_message set_my_avatar set_room_avatar"
    " update_me update_room upload_attachment"
)


@pytest.mark.timeout(120 + 60 * SCALE)
def test_fuzzed_requests(uvicorn: Target, tmp_path: Path) -> None:
    account = {"username": NAME, "password": PASSWORD}
    made = uvicorn.process.call("POST", "auth/register", body=account).json()
    rooms = [_room(uvicorn, made["access"], name) for name in ("one", "two")]
    (tmp_path / "schemathesis.toml").write_text(_config(rooms, uvicorn))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={tmp_path / 'schemathesis.toml'}",
            "run",
            str(ROOT / "openapi.yaml"),
            f"--url={uvicorn.process.url}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    uvicorn.check_log()


def _room(uvicorn: Target, token: str, name: str) -> str:
    """A room with a few messages by the fuzzer, and with a stranger in it."""
    made = uvicorn.process.call("POST", "rooms", token, {"name": f"fuzz {name}"})
    room = str(made.json()["id"])
    uvicorn.process.call("POST", f"rooms/{room}/join", uvicorn.people[0].token)
    for number in range(5):
        message = {"client_id": str(number), "body": f"number {number}"}
        uvicorn.process.call("POST", f"rooms/{room}/messages", token, message)
    return room


def _config(rooms: list[str], uvicorn: Target) -> str:
    member = uvicorn.process.call("GET", "me", uvicorn.people[0].token).json()["id"]
    inexpressible = ", ".join(f'"{name}"' for name in INEXPRESSIBLE.split())
    return f"""
continue-on-failure = true
seed = 1
[generation]
max-examples = {EXAMPLES}
[auth.dynamic.openapi.bearer]
path = "/api/v1/auth/login"
payload = {{ username = "{NAME}", password = "{PASSWORD}" }}
extract_selector = "/access"
[dictionaries.rooms]
values = ["{rooms[0]}", "{rooms[1]}"]
[dictionaries.members]
values = ["{member}"]
[dictionaries.numbers]
values = [1, 2, 3, 4, 5, 6]
[parameters]
"path.room_id" = {{ dictionary = "rooms", probability = 0.8 }}
"path.user_id" = {{ dictionary = "members", probability = 0.8 }}
"path.seq" = {{ dictionary = "numbers", probability = 0.8 }}
[[operations]]
include-operation-id = [{inexpressible}]
[operations.checks.positive_data_acceptance]
enabled = false
"""
