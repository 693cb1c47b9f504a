"""docs/protocol.md in parts that a test can hold against the code.

The code's side is the AsyncAPI document as the types give it now, not the committed
file: a new field shows at once.
"""

import functools
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from realtime.asyncapi import document

Json = dict[str, Any]

PAGE = (settings.BASE_DIR / "docs" / "protocol.md").read_text(encoding="utf-8")
SESSION_HEADING = "## A whole session"
_FENCED = re.compile(r"^```.*?^```\n", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")

DESCRIPTION = _FENCED.sub("", PAGE[: PAGE.index(SESSION_HEADING)])

# The heading of each command: two that are alike may share one.
COMMAND_HEADINGS = {
    type_: heading
    for heading in re.findall(r"^### (.+)$", DESCRIPTION, re.MULTILINE)
    for type_ in heading.split(", ")
}


def section(heading: str) -> str:
    """The text below this heading and above the next one."""
    headings = list(_HEADING.finditer(DESCRIPTION))
    ends = [one.start() for one in headings[1:]] + [len(DESCRIPTION)]
    for one, end in zip(headings, ends, strict=True):
        if one[1] == heading:
            return DESCRIPTION[one.end() : end]
    raise AssertionError(f"docs/protocol.md needs a section “{heading}”")


def table(text: str, heading: str) -> Iterator[list[str]]:
    """The cells of each row of the tables whose first column has this heading."""
    is_in_it = False
    for line in text.splitlines():
        if not line.startswith("|"):
            is_in_it = False
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if is_in_it and not set(line) <= set("|-"):
            yield cells
        is_in_it = is_in_it or cells[0] == heading


def names(cell: str) -> list[str]:
    """The field names or codes that stand in backticks, apart or in one list."""
    listed = [name for code in _CODE.findall(cell) for name in code.split(", ")]
    return [name for name in listed if re.fullmatch(r"[a-z_]+", name)]


def paragraph(text: str, label: str) -> str:
    """The paragraph that begins with this word in bold."""
    match = re.search(rf"^\*\*{label}\*\*: (.*?)(?:\n\n|\Z)", text, re.M | re.S)
    return match[1] if match else ""


def missing(wanted: set[str], written: list[str], where: str) -> str:
    """An empty string, or what to do about docs/protocol.md."""
    listed = set(written)
    add = ", ".join(f"`{name}`" for name in sorted(wanted - listed))
    drop = ", ".join(f"`{name}`" for name in sorted(listed - wanted))
    advice = [f"add {add}"] * bool(add) + [f"remove {drop}"] * bool(drop)
    twice = sorted({name for name in written if written.count(name) > 1})
    advice += [f"write {', '.join(twice)} once"] * bool(twice)
    return f"docs/protocol.md, {where}: {' and '.join(advice)}" if advice else ""


def first_column(text: str, heading: str) -> list[str]:
    return [name for row in table(text, heading) for name in names(row[0])]


# --- The code's side -----------------------------------------------------------------


@functools.cache
def contract() -> Json:
    return document()


def schema(name: str) -> Json:
    return dict(contract()["components"]["schemas"][name])


def fields(name: str) -> set[str]:
    """The fields of a schema, without those that every frame of its kind has."""
    return set(schema(name)["properties"]) - {"type", "ref"}


def tagged(kind: str) -> dict[str, str]:
    """The schemas of the commands, replies, events or the connection's own frames, by
    their name in the contract; the value is the frame's `type`."""
    messages = contract()["components"]["messages"]
    return {
        name: message["name"]
        for name, message in messages.items()
        if message["tags"] == [{"name": kind}]
    }


def shapes() -> dict[str, str]:
    """Every schema inside of frames, and the heading that it has on the page.

    Without the system events: the page has a list of them.
    """
    frames = contract()["components"]["messages"]
    inner = contract()["components"]["schemas"].keys() - frames.keys() - {"Limits"}
    event = str(schema("MessagePayload")["properties"]["event"])
    inner -= set(re.findall(r"#/components/schemas/(\w+)", event))
    return {name: _words(name.removesuffix("Payload")) for name in sorted(inner)}


def replies(command: str) -> set[str]:
    """The fields of all replies that this command can have; empty without any."""
    operation = contract()["operations"][f"receive{command.removesuffix('Command')}"]
    answers = operation.get("reply", {"messages": []})["messages"]
    shapes_of = [answer["$ref"].rpartition("/")[2] for answer in answers]
    return set().union(*(fields(name) for name in shapes_of if name != "Error"))


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


# --- What a command's field may be, in words -----------------------------------------


def value(name: str, field: str) -> str:
    """The cell of the column “Value” for this field of a command."""
    known = schema(name)
    described = known["properties"][field]
    if field in known["required"]:
        return _kind(field, described)
    default = described["default"]
    left_out = f"`{default}` when left out" if default not in (None, []) else "optional"
    if default == 0:
        left_out = "`0` when left out"
    return f"{_kind(field, described)}; {left_out}"


def _kind(field: str, described: Json) -> str:
    if "anyOf" in described:
        [described] = [one for one in described["anyOf"] if one != {"type": "null"}]
    if "enum" in described:
        *others, last = [f"`{choice}`" for choice in described["enum"]]
        return f"{', '.join(others)} or {last}"
    match described["type"]:
        case "integer":
            low, high = described["minimum"], described.get("maximum")
            return "integer" if high is None else f"integer, {low} to {high}"
        case "string":
            return _string(field, described)
    low, high = described.get("minItems"), described["maxItems"]
    bounds = f"at most {high}" if low is None else f"{low} to {high}"
    return f"list of {_items(described['items'])}, {bounds}"


def _items(described: Json) -> str:
    if "$ref" not in described:
        return "ids"
    words = _words(described["$ref"].rpartition("/")[2])
    return f"[{words}s](#{words.replace(' ', '-')})"


def _string(field: str, described: Json) -> str:
    low, high = described.get("minLength"), described.get("maxLength")
    if high is None:
        return "string"
    if field == "room":
        return "id"
    bounds = f"at most {high}" if low is None else f"{low} to {high}"
    return f"string of {bounds} characters"
