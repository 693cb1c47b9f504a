"""docs/protocol.md has every field, command and event, and its session is real.

A test that fails says what to write where. Codes are in test_protocol_codes.py, numbers
in test_protocol_numbers.py.
"""

import json
import re

import msgspec
import pytest

from api.payloads import TicketPayload
from chat.payloads.invitations import InvitationPayload, InvitationPreviewPayload
from chat.payloads.messages import LinkPayload
from chat.payloads.people import ExportPayload
from chat.payloads.rooms import (
    DirectoryEntry,
    DirectoryPayload,
    RetentionPayload,
    RoomPayload,
)
from tests.frames import committed

from .protocol_page import (
    COMMAND_HEADINGS,
    PAGE,
    SESSION_HEADING,
    fields,
    first_column,
    missing,
    names,
    paragraph,
    replies,
    schema,
    section,
    shapes,
    table,
    tagged,
    value,
)

COMMANDS = {type_: name for name, type_ in tagged("command").items()}
# Of shapes that only REST answers, the page lists the fields in braces.
REST_SHAPES: list[type[msgspec.Struct]] = [
    TicketPayload,
    LinkPayload,
    ExportPayload,
    RetentionPayload,
    DirectoryPayload,
    InvitationPayload,
    InvitationPreviewPayload,
]


# --- Shapes --------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "heading"), shapes().items())
def test_the_table_of_a_shape_has_its_fields(shape: str, heading: str) -> None:
    written = first_column(section(heading), "Field")
    problem = missing(fields(shape), written, f"the table of “{heading}”")
    assert not problem, problem


def test_the_table_of_hello_has_its_fields() -> None:
    written = first_column(section("hello and bye"), "Field")
    problem = missing(fields("Hello"), written, "the table of “hello and bye”")
    assert not problem, problem


@pytest.mark.parametrize(
    ("name", "type_"),
    [item for item in tagged("connection").items() if item[0] != "Hello"],
)
def test_a_frame_about_the_connection_is_named_with_its_fields(
    name: str, type_: str
) -> None:
    known = schema(name)
    marked = [
        field if field in known["required"] else f"{field}?"
        for field in known["properties"]
        if field != "type"
    ]
    said = f"`{type_} {{{', '.join(marked)}}}`"
    assert said in PAGE, f"docs/protocol.md should name the frame as {said}"


@pytest.mark.parametrize("shape", REST_SHAPES)
def test_an_answer_of_rest_is_named_with_its_fields(
    shape: type[msgspec.Struct],
) -> None:
    optional = {f.name for f in msgspec.structs.fields(shape) if not f.required}
    marked = [f"{name}?" if name in optional else name for name in _names(shape)]
    said = f"{{{', '.join(marked)}}}"
    as_json = "{" + ",".join(f'"{name}":' for name in marked)
    is_example = re.search(re.sub(r":,", ":[^,]+,", re.escape(as_json)), PAGE)
    assert f"`{said}`" in PAGE or is_example, (
        f"docs/protocol.md should describe {shape.__name__} as `{said}`"
    )


def _names(shape: type[msgspec.Struct]) -> tuple[str, ...]:
    return shape.__struct_fields__


def test_a_room_of_the_directory_is_a_room_with_two_more_fields() -> None:
    more = set(_names(DirectoryEntry)) - set(_names(RoomPayload))
    for name in more:
        assert f"`{name}`" in section("Directory"), (
            f"docs/protocol.md, Directory: say that a room there has `{name}`"
        )


# --- Commands ------------------------------------------------------------------------


@pytest.mark.parametrize("type_", COMMANDS)
def test_a_command_has_a_section_with_its_fields(type_: str) -> None:
    advice = f"docs/protocol.md, Commands: add a section “### {type_}”"
    assert type_ in COMMAND_HEADINGS, advice
    written = first_column(section(COMMAND_HEADINGS[type_]), "Field")
    problem = missing(fields(COMMANDS[type_]), written, f"the table of “{type_}”")
    assert not problem, problem


@pytest.mark.parametrize("name", [*COMMANDS.values(), "RoomCursor"])
def test_the_column_value_says_what_a_field_may_be(name: str) -> None:
    headings = {name: COMMAND_HEADINGS[type_] for type_, name in COMMANDS.items()}
    heading = headings.get(name, "room cursor")
    for row in table(section(heading), "Field"):
        [field] = names(row[0])
        assert row[1] == value(name, field), (
            f"docs/protocol.md, “{heading}”: the value of `{field}` is"
            f" “{value(name, field)}”"
        )


def test_the_commands_without_a_ref_are_listed() -> None:
    without = [
        f"`{type_}`"
        for type_, name in COMMANDS.items()
        if "ref" not in schema(name)["properties"]
    ]
    said = f"Commands without a `ref`: {', '.join(sorted(without))}."
    assert said in PAGE, f"docs/protocol.md, Frames, should say: {said}"


@pytest.mark.parametrize(("type_", "name"), COMMANDS.items())
def test_a_command_says_what_its_reply_has(type_: str, name: str) -> None:
    written = names(paragraph(section(COMMAND_HEADINGS[type_]), "Reply"))
    problem = missing(replies(name), [n for n in written if n != "ref"], type_)
    assert not problem, f"{problem} after “**Reply**:”"


# --- Events --------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "type_"), tagged("event").items())
def test_an_event_has_a_row_with_its_fields(name: str, type_: str) -> None:
    rows = [r for r in table(section("Events"), "Event") if r[0] == f"`{type_}`"]
    listed = ", ".join(n for n in schema(name)["properties"] if n != "type")
    begins = f"| `{type_}` | `{listed}` |"
    assert len(rows) == 1, f"docs/protocol.md, Events: write one row: {begins} …"
    problem = missing(fields(name), names(rows[0][1]), f"the event `{type_}`")
    assert not problem, problem


def test_the_tables_of_events_have_no_event_that_is_not_sent() -> None:
    written = [row[0].strip("`") for row in table(section("Events"), "Event")]
    problem = missing(set(tagged("event").values()), written, "Events")
    assert not problem, problem


# --- The whole session ---------------------------------------------------------------

SESSION = PAGE[PAGE.index(SESSION_HEADING) :]
FRAMES = re.findall(r"^([<>]) (\{.*\})$", SESSION, re.MULTILINE)
INVALID = {
    frame["ref"]
    for frame in (json.loads(text) for side, text in FRAMES if side == "<")
    if frame.get("code") == "invalid"
}


def test_there_is_a_session() -> None:
    assert len(FRAMES) > 20


@pytest.mark.parametrize(("side", "text"), FRAMES)
def test_a_frame_of_the_session_is_as_the_contract_says(side: str, text: str) -> None:
    frame = json.loads(text)
    if side == "<":
        committed().check_sent(frame)
    elif frame.get("ref") in INVALID and frame["type"] == "message.send":
        with pytest.raises(AssertionError):
            committed().check_command(frame)
    else:
        committed().check_command(frame)
