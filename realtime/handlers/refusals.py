"""The log of refused access: which commands were refused to whom."""

from core.audit import Event, record_refusal
from core.errors import Refusal

from ..delivery.connection import Connection
from ..protocol.commands import Asking, type_of


def log_refusal(connection: Connection, command: Asking, refusal: Refusal) -> None:
    """Log a refusal that is about the person; one about the frame's text is not logged.

    The room is left out: a client may write any text there.
    """
    if refusal.is_about_access:
        asked = {"code": refusal.code, "command": type_of(command)}
        record_refusal(Event.ACCESS_REFUSED, **asked, **connection.ids)
