"""The fields of frames, errors and limits."""

from msgspec.structs import fields

from core.limits.table import Limits

from .terms import TIME, Term

_SOCKET = {
    "type": Term("Which command, reply or event this is."),
    "ref": Term("Your number for this command; its one reply carries it.", 1),
    "n": Term("The number of the ping.", 1),
    "protocol": Term("The version of the protocol.", 1),
    "connection": Term("The id of this connection, for the log.", "25cb33f4029fe8b8"),
    "server_time": Term("The server's clock.", TIME),
    "heartbeat": Term("The server pings after so many seconds of silence.", 25),
    "limits": Term("What the server accepts."),
    "reason": Term("The close code's name.", "shutting_down"),
    "reconnect": Term("Whether to connect again.", True),
    "history": Term("So many of the newest messages come with the reply.", 10),
    "recovered": Term(
        "true: `messages` is all that was missed; false: read the history; null: no"
        " `after` was given.",
        True,
    ),
}
_ERRORS = {
    "code": Term("What it is, for programs: it never changes.", "room_not_found"),
    "Bye.code": Term("The close code that follows.", 4000),
    "detail": Term(
        "What it is, for people.", "There is no such room, or you may not see it."
    ),
    "fields": Term(
        "What is wrong with which field.", {"name": ["This field is required."]}
    ),
    "retry_after": Term("Seconds to wait.", 0.8),
    "error": Term("Why this room was refused."),
}
# The examples are the defaults of core/limits/table.py.
_SIZES = {
    "message_characters": "Characters of a message.",
    "frame_bytes": "Bytes of a frame to the server.",
    "request_bytes": "Bytes of a request's body.",
    "history_page": "Messages of one page.",
    "edit_seconds": "How long a message may be edited.",
    "reaction_kinds": "Different emoji on one message.",
    "rooms_per_subscribe": "Rooms of one subscribe command.",
    "rooms_per_connection": "Rooms that one socket is subscribed to.",
    "attachments_per_message": "Files of one message.",
    "attachment_bytes": "Bytes of one file.",
    "avatar_bytes": "Bytes of one avatar.",
    "stored_bytes_per_person": "Bytes of all files of one person.",
    "stored_bytes": "Bytes of all files of the server.",
    "image_pixels": "Pixels of one picture, of all frames.",
    "image_frames": "Frames of one picture.",
    "connections_per_person": "Sockets of one person.",
    "connections_per_address": "Sockets from one address.",
}
# Each rate: what it counts, in words, and its unit of time.
_RATES = (
    ("connects", "New sockets from one address", "second"),
    ("frames", "Frames of one socket", "second"),
    ("commands", "Commands of one person", "second"),
    ("messages", "Messages of one person", "second"),
    ("network_commands", "Commands from one address", "second"),
    ("network_messages", "Messages from one address", "second"),
    ("typing", "Typing commands of one person", "second"),
    ("searches", "Searches of one person", "second"),
    ("uploads", "Uploads of one person", "minute"),
    ("rooms", "Rooms that one person makes", "hour"),
    ("room_changes", "Changes of rooms by one person", "minute"),
    ("joins", "Rooms that one person joins or leaves", "minute"),
    ("member_changes", "What one person does to members", "minute"),
    ("profile_changes", "Changes of one's profile and blocks", "minute"),
    ("invitations", "Invitations by one person", "minute"),
    ("invitation_codes", "Codes that one person tries", "minute"),
    ("logins", "Log-ins from one address", "minute"),
    ("failed_logins", "Checked passwords of one account", "hour"),
    ("refreshes", "Refreshes from one address", "minute"),
    ("registrations", "New accounts from one address", "hour"),
    ("mails", "Mails that one person causes, or one address gets", "hour"),
    ("network_mails", "Mails caused from one address", "hour"),
    ("guests", "New guests from one address", "hour"),
)
_LIMITS = (
    _SIZES
    | {f"{name}_per_{unit}": f"{what}, each {unit}." for name, what, unit in _RATES}
    | {f"{name}_burst": f"{what}, at once." for name, what, _ in _RATES}
)
_DEFAULTS = {field.name: field.default for field in fields(Limits)}

# Limits go by their shape too, since a person has `stored_bytes` as well.
SERVER = (
    _SOCKET
    | _ERRORS
    | {f"Limits.{name}": Term(_LIMITS[name], _DEFAULTS[name]) for name in _LIMITS}
)
