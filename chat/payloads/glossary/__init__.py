"""The meaning of every field on the wire, with an example, for both contract files.

A word means one thing, so a field is explained by its name alone. Where a shape or an
operation uses the word in another sense, the key is `Shape.field`.
"""

from typing import Any

from .messages import MESSAGES
from .people import PEOPLE
from .rooms import ROOMS
from .server import SERVER
from .system_events import SYSTEM_EVENTS
from .terms import Term

TERMS = PEOPLE | ROOMS | MESSAGES | SYSTEM_EVENTS | SERVER


def term(shape: str, field: str) -> Term:
    """The meaning of a shape's field. Raises LookupError for one without a term."""
    known = TERMS.get(f"{shape}.{field}") or TERMS.get(field)
    if known is None:
        raise LookupError(f"chat/payloads/glossary/ does not explain {shape}.{field}.")
    return known


def explain(shape: str, schema: dict[str, Any]) -> None:
    """Give each property of a JSON Schema its description and an example, in place.

    A description that is there already stays, since it says more.
    """
    for name, field in schema.get("properties", {}).items():
        known = term(shape, name)
        field.setdefault("description", known.says)
        # A shape inside this one shows its fields' examples itself.
        if "$ref" not in str(field):
            choices = field.get("enum", [known.example])
            is_choice = known.example in choices
            field["examples"] = [known.example if is_choice else choices[-1]]
