"""What a command was refused because of who asks: for the log, never for the reply."""

from core.audit import Event, record_refusal
from core.errors import Refusal

from ..delivery.connection import Connection
from ..protocol.commands import Asking, type_of


def log_refusal(connection: Connection, command: Asking, refusal: Refusal) -> None:
    """Which room it was is not told: anybody may write anything there."""
    if refusal.is_about_access:
        asked = {"code": refusal.code, "command": type_of(command)}
        record_refusal(Event.ACCESS_REFUSED, **asked, **connection.ids)
