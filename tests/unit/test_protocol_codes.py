"""docs/protocol.md has every error code and close code, and the errors of each command.

A test that fails says what to write where.
"""

import re

import pytest

from realtime.handlers import HANDLERS
from realtime.protocol.close_codes import CloseCode
from tests.realtime.test_matrix import ROLES, TABLE, WORDS

from . import refusals
from .protocol_page import (
    COMMAND_HEADINGS,
    PAGE,
    contract,
    first_column,
    missing,
    names,
    paragraph,
    section,
    table,
)

CODES = {row["code"]: row["status"] for row in contract()["x-error-codes"]}
# The page writes no status where REST never answers the code.
SOCKET_ALONE = {"bad_frame", "unknown_command"}
DASH = "\u2013"
REST_ALONE = {
    "not_found": 404,
    "method_not_allowed": 405,
    "unsupported_media_type": 415,
    "request_timeout": 408,
}
GUESTS = {"guest", "visitor"}

# --- Errors of commands --------------------------------------------------------------

# Refusals on a command's way that only other commands can meet there.
IMPOSSIBLE = {
    # History takes no lock, and only under one the session is read again.
    ("history", "unauthorized"),
    # Its draft answers no message, and nobody can mute anybody in a direct room.
    ("direct.send", "message_not_found"),
    ("direct.send", "muted"),
    # The command has just opened the room.
    ("direct.send", "room_not_found"),
}
COMMON = set(first_column(section("Commands"), "Error"))
ASKING = {str(cls.__struct_config__.tag): cls for cls in HANDLERS}


@pytest.mark.parametrize("type_", ASKING)
def test_a_command_lists_the_errors_that_its_code_raises(type_: str) -> None:
    raised = refusals.codes(HANDLERS[ASKING[type_]])
    raised -= {code for command, code in IMPOSSIBLE if command == type_}
    # `auth.refresh` explains the one that has a meaning of its own there.
    common = COMMON - {"token_expired"} if type_ == "auth.refresh" else COMMON
    text = paragraph(section(COMMAND_HEADINGS[type_]), "Errors")
    written = [code for code in names(text) if code in CODES.keys() - common]
    problem = missing(raised - common, list(dict.fromkeys(written)), type_)
    assert not problem, f"{problem} after “**Errors**:”"


@pytest.mark.parametrize("type_", TABLE)
def test_a_command_lists_the_errors_that_people_were_answered(type_: str) -> None:
    """The matrix asks a real server. Guests are left out; the chapter tells of them."""
    words = dict(zip(ROLES, TABLE[type_].split(), strict=True))
    seen = {WORDS.get(w, w) for role, w in words.items() if role not in GUESTS}
    listed = names(paragraph(section(COMMAND_HEADINGS[type_]), "Errors"))
    for code in seen - {"ok"} - COMMON:
        assert code in listed, (
            f"docs/protocol.md, “{type_}”: add `{code}` to the errors"
        )


# --- Codes ---------------------------------------------------------------------------


def test_the_table_of_error_codes_has_each_with_its_status() -> None:
    rows = {row[0].strip("`"): row[1] for row in table(section("Error codes"), "Code")}
    known = {**CODES, **REST_ALONE}
    problem = missing(set(known), list(rows), "Error codes")
    assert not problem, problem
    for code, status in known.items():
        said = DASH if code in SOCKET_ALONE else str(status)
        assert rows[code] == said, f"docs/protocol.md, Error codes: `{code}` is {said}"


def test_a_reserved_code_is_not_answered_yet() -> None:
    reserved = re.findall(r"`(\w+)` is reserved", section("Error codes"))
    assert set(reserved).isdisjoint(CODES), "docs/protocol.md: it is answered now"


@pytest.mark.parametrize("code", CloseCode)
def test_every_close_code_has_a_row(code: CloseCode) -> None:
    row = f"| {int(code)} | `{code.reason}` |"
    if code is CloseCode.MAX_AGE:
        assert f"{int(code)} `{code.reason}`" in section("Close codes")
        return
    assert row in PAGE, f"docs/protocol.md, Close codes: add a row that begins {row}"


def test_every_row_of_close_codes_is_a_close_code() -> None:
    for number, reason, *_ in table(section("Close codes"), "Code"):
        assert CloseCode(int(number)).reason == reason.strip("`")
