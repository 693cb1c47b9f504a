"""What every field on the wire means, with an example: both papers take it from here.

One word means one thing, so a field is explained by its name alone. Where a shape or
an operation needs a word of its own it is `Shape.field`.
"""

from typing import Any, NamedTuple


class Term(NamedTuple):
    says: str
    example: Any = None


_PERSON = "01a1fb27-fbe3-75d0-bbaf-1403da6a7a17"
_ROOM = "01a1fb27-fd0a-71fd-82c3-fff019bd9000"
_TIME = "2026-11-20T22:51:05.666342Z"
_TOKEN = "eyJhbGciOiJIUzI1NiIs…"  # noqa: S105  # not a whole one

_PEOPLE = {
    "id": Term("Its id: a UUID.", _PERSON),
    "user": Term("The person.", "bob"),
    "user_id": Term("The id of a person.", _PERSON),
    "users": Term("The people.", [_PERSON]),
    "username": Term("The name to log in with and to be mentioned by.", "alice"),
    "display_name": Term("The name that others read.", "Alice"),
    "is_bot": Term("Whether a program writes under this name.", False),
    "is_staff": Term("Whether this person runs the server.", False),
    "online": Term("The ids of the members who are online.", [_PERSON]),
    "PresenceChanged.online": Term("Whether the person is online now.", True),
    "PresenceChanged.user": Term("The id of the person.", _PERSON),
    "last_seen_at": Term("When the person was last online; null: never.", _TIME),
    "password": Term("At least 8 characters, and none that everybody takes.", "…"),
    "current_password": Term("The password until now.", "…"),
    "new_password": Term("The password from now on.", "…"),
    "search": Term("What the names begin with.", "ali"),
}
_PROFILES = {
    "status": Term("A short text about now; may be empty.", "On holiday"),
    "email": Term("A confirmed address, or empty; nobody else sees it.", "a@b.org"),
    "stored_bytes": Term("Bytes that your files take.", 4_194_304),
    "stored_bytes_allowed": Term("Bytes that your files may take.", 1_073_741_824),
    "appear_offline": Term("Whether others never see this person online.", False),
    "is_guest": Term("Whether this person has no account and only reads.", False),
    "avatar": Term(
        "The path of a picture that opens without a token; null: none.",
        "/api/v1/avatars/5f0c2b7e9d1a4c3e8b6f7a2d4e1c9b0a.webp",
    ),
    "blocked": Term("Whom one blocked."),
    "BlocksChanged.blocked": Term("The ids of whom one blocked.", [_PERSON]),
    "ProfilePayload.online": Term("Whether others see the person online.", True),
    "invitation": Term("The invitation."),
    "InvitationDeleted.invitation": Term("The id of the invitation.", _ROOM),
    "invitation_id": Term("The id of an invitation.", _ROOM),
    "invitations": Term("The invitations."),
    "inviter": Term("Who invites."),
    "person": Term("Who is invited; null: whoever has the link."),
    "InvitationPayload.code": Term(
        "Of a link, once: what the invited follow.", "Xh2qP0r7b9sT4vW6yZ1aBg"
    ),
    "NewInvitation.expires_in": Term("Seconds until it is over.", 604_800),
    "max_uses": Term("How many may come in by it; null: any number.", 10),
    "uses": Term("How many came in by it.", 3),
    "expires_at": Term("When it is over; null: never.", _TIME),
    "ExportPayload.expires_at": Term("When it is forgotten; null: not made.", _TIME),
    "ExportPayload.url": Term("Where it is; null: not yet.", "/api/v1/me/export/file"),
    "state": Term("How far it is.", "running"),
    "done": Term("How many of the person's messages are in it.", 1500),
    "total": Term("How many of them there are.", 4200),
    "AccountDeletion.messages": Term("What becomes of what one wrote.", "keep"),
    "notify": Term("What one's devices make a noise about; null: no member.", "all"),
}
_FILES = {
    "file": Term("The file itself.", "(its bytes)"),
    "attachments": Term("The files."),
    "NewMessage.attachments": Term("The ids of files uploaded to the room.", [_ROOM]),
    "MessageSendCommand.attachments": Term(
        "The ids of files uploaded to the room.", [_ROOM]
    ),
    "DirectSendCommand.attachments": Term(
        "The ids of files uploaded to the room of the two.", [_ROOM]
    ),
    "attachment_id": Term("The id of a file.", _ROOM),
    "signature": Term("What a link has in place of a token.", "1wXyZa:kq3Jv0_Zs"),
    "content_type": Term("What it is, by its content.", "image/png"),
    "size": Term("How many bytes it has.", 48_213),
    "width": Term("Of a picture, in pixels; null: not one.", 1280),
    "height": Term("Of a picture, in pixels; null: not one.", 720),
    "url": Term("Where it is.", f"/api/v1/attachments/{_ROOM}"),
    "thumbnail_url": Term(
        "Where a small picture of it is; null: not a picture.",
        f"/api/v1/attachments/{_ROOM}/thumbnail",
    ),
    "AttachmentPayload.name": Term("The name it was uploaded with.", "build.png"),
}
_SESSIONS = {
    "access": Term("The access token: it opens both doors, for minutes.", _TOKEN),
    "refresh": Term("The refresh token: it buys the next pair, once.", _TOKEN),
    "ticket": Term("The ticket: it opens one socket, within seconds.", _TOKEN),
    "token": Term("A token.", _TOKEN),
    "TokenExpiring.expires_at": Term("When the token of this socket expires.", _TIME),
    "token_expires_at": Term("When the token of this socket expires.", _TIME),
    "expires_in": Term("Seconds until this is over by itself.", 30),
    "sessions": Term("The devices that are logged in."),
    "session_id": Term("The id of a session.", _PERSON),
    "user_agent": Term("What the device said about itself.", "Firefox/145.0"),
    "last_used_at": Term("When its tokens were last refreshed.", _TIME),
    "current": Term("Whether this is the session that asks.", True),
}
_ROOMS = {
    "room": Term("The id of the room.", _ROOM),
    "RoomAdded.room": Term("The room."),
    "RoomCreated.room": Term("The room."),
    "RoomUpdated.room": Term("The room."),
    "RoomReply.room": Term("The room."),
    "DirectReply.room": Term("The room of the two people."),
    "room_id": Term("The id of a room.", _ROOM),
    "rooms": Term("The rooms."),
    "UnsubscribeCommand.rooms": Term("The ids of the rooms.", [_ROOM]),
    "RoomPayload.id": Term("The id of the room.", _ROOM),
    "name": Term("The room's name; unique among public rooms.", "general"),
    "topic": Term("What the room is about.", "Everything else"),
    "RoomPayload.kind": Term(
        "Who finds it: everybody, its members, or two to ten people.", "public"
    ),
    "NewRoom.kind": Term("Everybody may find and join it, or nobody.", "public"),
    "guests_may_read": Term("People without an account may read it.", False),
    "color": Term("#rrggbb, for where there is no picture; or empty.", "#0b7285"),
    "people": Term("Who is in a direct room or a group; else empty."),
    "member": Term("The member."),
    "member_count": Term("How many members there are.", 12),
    "online_count": Term("How many of them are online.", 3),
    "MemberJoined.online": Term("Whether they are online.", True),
    "MemberLeft.user": Term("The id of the person.", _PERSON),
    "DirectoryEntry.kind": Term("Always `public`.", "public"),
    "staff_only": Term("Only staff see it.", False),
    "announcements_only": Term("Only owners and moderators write.", False),
    "notices": Term("Whether people see who joins and who leaves.", True),
    "slow_mode_seconds": Term(
        "At least so long between two messages of one member; 0 is off.", 0
    ),
    "retention_days": Term(
        "Messages older than so many days are deleted; null: none is.", 90
    ),
    "days": Term("For how many days messages would be kept.", 90),
    "RetentionPayload.messages": Term("How many messages would be deleted.", 1200),
    "files": Term("How many files would be deleted with them.", 17),
    "oldest_seq": Term("The oldest message that would stay; null: none would.", 1042),
    "oldest_at": Term("When that was written; null: none would stay.", _TIME),
    "archived": Term("Nobody writes or joins any more.", False),
    "archived_at": Term("Since when nobody writes or joins; null: open.", _TIME),
    "get_or_create": Term("Join the public room of this name if there is one.", False),
    "epoch": Term("The name of this history; another one: start again.", "dc7eb858"),
    "head_seq": Term("The number of the room's latest change.", 1042),
    "role": Term("What a member may do; null: not a member.", "member"),
    "read": Term("How far the reader has read; null outside the list of rooms."),
    "members": Term("The members."),
    "joined_at": Term("Since when the person is a member.", _TIME),
    "muted_until": Term("Until when the person may not write; null: they may.", _TIME),
    "seconds": Term("For how long, from now on.", 600),
    "bans": Term("Who may not come back."),
}
_MEANT = "How many of them mention the reader; 1000: or more."
_MESSAGES = {
    "message": Term("The message."),
    "messages": Term("The messages."),
    "HistoryPayload.messages": Term("The messages, ascending by `seq`."),
    "seq": Term("A number of the room's log.", 1042),
    "MessagePayload.seq": Term("Its number: with the room it is its name.", 1042),
    "rev": Term("The number of its latest change.", 1042),
    "kind": Term("A person wrote it, or it says what happened to the room.", "user"),
    "level": Term("How much it should stand out.", "normal"),
    "sender": Term("Who wrote it, or did it; null: somebody who is gone."),
    "body": Term("The text; empty when it was deleted.", "Is the build green?"),
    "client_id": Term(
        "The sender's own key: the same key again is the same message.",
        "9f1c2e7a-0d0c-4b5e-9a55-3c1f0b7f2a10",
    ),
    "is_action": Term("Show `/me waves` of Alice as “* Alice waves”.", False),
    "reply_to": Term("The `seq` of the message that it answers; null: none.", 1040),
    "mentions": Term('The ids of those it mentions; "room": everybody.', [_PERSON]),
    "reactions": Term("The emoji on it."),
    "emoji": Term("One emoji.", "👍"),
    "count": Term("How many people.", 1),
    "ReactionPayload.users": Term("The ids of these people.", [_PERSON]),
    "event": Term(
        "What a `system` message is about; `type` says which.",
        {"type": "member.joined", "user": _PERSON},
    ),
    "created_at": Term("When it was made.", _TIME),
    "edited_at": Term("When its text last changed; null: never.", _TIME),
    "deleted_at": Term("When it was deleted; null: it was not.", _TIME),
    "pinned_at": Term("When it was pinned; null: it is not.", _TIME),
    "duplicate": Term("Whether this client_id was stored before.", False),
    "to": Term("The id or the username of a person.", "bob"),
    "read_seq": Term("Everything up to here is read.", 1042),
    "unread": Term("How many messages of others came since; 1000: or more.", 2),
    "ReadPayload.mentions": Term(_MEANT, 1),
    "ReadUpdated.mentions": Term(_MEANT, 1),
    "ReadReply.mentions": Term(_MEANT, 1),
    "before": Term("Older than this `seq`.", 1042),
    "after": Term("Newer than this number.", 1040),
    "around": Term("This `seq` and its neighbours.", 1042),
    "limit": Term("At most so many.", 50),
    "has_before": Term("Whether there are older ones.", True),
    "has_after": Term("Whether there are newer ones.", False),
    "hits": Term("The messages that were found."),
    "next": Term("The cursor of the next page; null: this is the last.", "1042"),
    "cursor": Term("The `next` of the page before.", "1042"),
    "snippet": Term("The part of the text around the first word found.", "is green"),
    "highlights": Term("Stretches of `snippet`: from, up to before.", [[3, 8]]),
    "search_messages.after": Term("Written at this time or later.", _TIME),
    "search_messages.before": Term("Written earlier than this.", _TIME),
    "search_messages.sender": Term("The id of who wrote it.", _PERSON),
    "q": Term("Every word must be in the text; none with a minus before it.", "build"),
}
_SOCKET = {
    "type": Term("Which command, reply or event this is."),
    "ref": Term("Your number for this command; its one reply carries it.", 1),
    "n": Term("The number of the ping.", 1),
    "protocol": Term("The version of the protocol.", 1),
    "connection": Term("The id of this connection, for the log.", "25cb33f4029fe8b8"),
    "server_time": Term("The server's clock.", _TIME),
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
_LIMITS = {
    "message_characters": Term("Characters of a message.", 4_000),
    "frame_bytes": Term("Bytes of a frame to the server.", 32_768),
    "request_bytes": Term("Bytes of a request's body.", 65_536),
    "history_page": Term("Messages of one page.", 100),
    "edit_seconds": Term("How long a message may be edited.", 86_400),
    "reaction_kinds": Term("Different emoji on one message.", 20),
    "rooms_per_subscribe": Term("Rooms of one subscribe command.", 100),
    "rooms_per_connection": Term("Rooms that one socket is subscribed to.", 500),
    "attachments_per_message": Term("Files of one message.", 10),
    "attachment_bytes": Term("Bytes of one file.", 10_485_760),
    "avatar_bytes": Term("Bytes of one avatar.", 2_097_152),
    "stored_bytes_per_person": Term("Bytes of all files of one person.", 1_073_741_824),
    "Limits.stored_bytes": Term("Bytes of all files of the server.", 21_474_836_480),
    "image_pixels": Term("Pixels of one picture, of all frames.", 16_000_000),
    "image_frames": Term("Frames of one picture.", 400),
    "connections_per_person": Term("Sockets of one person.", 20),
    "connections_per_address": Term("Sockets from one address.", 100),
}
# What is counted, the unit of time, how many in it, and how many at once.
_RATES = (
    ("connects", "New sockets from one address", "second", 10, 100),
    ("frames", "Frames of one socket", "second", 100, 100),
    ("commands", "Commands of one person", "second", 20, 60),
    ("messages", "Messages of one person", "second", 5, 20),
    ("network_commands", "Commands from one address", "second", 200, 600),
    ("network_messages", "Messages from one address", "second", 30, 60),
    ("typing", "Typing commands of one person", "second", 1, 5),
    ("searches", "Searches of one person", "second", 2, 10),
    ("uploads", "Uploads of one person", "minute", 60, 20),
    ("rooms", "Rooms that one person makes", "hour", 60, 20),
    ("room_changes", "Changes of rooms by one person", "minute", 30, 30),
    ("joins", "Rooms that one person joins or leaves", "minute", 30, 20),
    ("member_changes", "What one person does to members", "minute", 60, 60),
    ("profile_changes", "Changes of one's profile and blocks", "minute", 20, 20),
    ("invitations", "Invitations by one person", "minute", 30, 30),
    ("invitation_codes", "Codes that one person tries", "minute", 10, 20),
    ("logins", "Log-ins from one address", "minute", 10, 20),
    ("failed_logins", "Checked passwords of one account", "hour", 20, 5),
    ("refreshes", "Refreshes from one address", "minute", 120, 120),
    ("registrations", "New accounts from one address", "hour", 10, 20),
    ("mails", "Mails that one person causes, or one address gets", "hour", 20, 5),
    ("network_mails", "Mails caused from one address", "hour", 60, 20),
    ("guests", "New guests from one address", "hour", 60, 20),
)
for _name, _what, _unit, _rate, _burst in _RATES:
    _LIMITS[f"{_name}_per_{_unit}"] = Term(f"{_what}, each {_unit}.", _rate)
    _LIMITS[f"{_name}_burst"] = Term(f"{_what}, at once.", _burst)
TERMS = (
    _PEOPLE
    | _PROFILES
    | _FILES
    | _SESSIONS
    | _ROOMS
    | _MESSAGES
    | _SOCKET
    | _ERRORS
    | _LIMITS
)


def term(shape: str, field: str) -> Term:
    """What a field of a shape means. Raises LookupError for a word not explained."""
    found = TERMS.get(f"{shape}.{field}") or TERMS.get(field)
    if found is None:
        raise LookupError(
            f"chat/payloads/glossary.py does not explain {shape}.{field}."
        )
    return found


def explain(shape: str, schema: dict[str, Any]) -> None:
    """Put description and example to each property of a JSON Schema, in place.

    A description that is there already stays: it says more.
    """
    for name, field in schema.get("properties", {}).items():
        known = term(shape, name)
        field.setdefault("description", known.says)
        # A shape's own fields have their examples.
        if "$ref" not in str(field):
            field["examples"] = [_example(field, known)]


def _example(field: dict[str, Any], known: Term) -> Any:
    choices = field.get("enum", [known.example])
    return known.example if known.example in choices else choices[-1]
