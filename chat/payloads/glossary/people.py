"""The fields of people, profiles, invitations, exports, files and sessions."""

from .terms import PERSON, ROOM, TIME, Term

_TOKEN = "eyJhbGciOiJIUzI1NiIs…"  # noqa: S105  # not a whole one

_PEOPLE = {
    "id": Term("Its id: a UUID.", PERSON),
    "user": Term("The person.", "bob"),
    "user_id": Term("The id of a person.", PERSON),
    "users": Term("The people.", [PERSON]),
    "username": Term("The name to log in with and to be mentioned by.", "alice"),
    "display_name": Term("The name that others read.", "Alice"),
    "is_bot": Term("Whether a program writes under this name.", False),
    "is_staff": Term("Whether this person runs the server.", False),
    "online": Term("The ids of the members who are online.", [PERSON]),
    "PresenceChanged.online": Term("Whether the person is online now.", True),
    "PresenceChanged.user": Term("The id of the person.", PERSON),
    "last_seen_at": Term("When the person was last online; null: never.", TIME),
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
    "BlocksChanged.blocked": Term("The ids of whom one blocked.", [PERSON]),
    "ProfilePayload.online": Term("Whether others see the person online.", True),
    "invitation": Term("The invitation."),
    "InvitationDeleted.invitation": Term("The id of the invitation.", ROOM),
    "invitation_id": Term("The id of an invitation.", ROOM),
    "invitations": Term("The invitations."),
    "inviter": Term("Who invites."),
    "person": Term("Who is invited; null: whoever has the link."),
    "InvitationPayload.code": Term(
        "Of a link, once: what the invited follow.", "Xh2qP0r7b9sT4vW6yZ1aBg"
    ),
    "NewInvitation.expires_in": Term("Seconds until it is over.", 604_800),
    "max_uses": Term("How many may come in by it; null: any number.", 10),
    "uses": Term("How many came in by it.", 3),
    "expires_at": Term("When it is over; null: never.", TIME),
    "ExportPayload.expires_at": Term("When it is forgotten; null: not made.", TIME),
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
    "NewMessage.attachments": Term("The ids of files uploaded to the room.", [ROOM]),
    "MessageSendCommand.attachments": Term(
        "The ids of files uploaded to the room.", [ROOM]
    ),
    "DirectSendCommand.attachments": Term(
        "The ids of files uploaded to the room of the two.", [ROOM]
    ),
    "attachment_id": Term("The id of a file.", ROOM),
    "signature": Term("What a link has in place of a token.", "1wXyZa:kq3Jv0_Zs"),
    "content_type": Term("What it is, by its content.", "image/png"),
    "size": Term("How many bytes it has.", 48_213),
    "width": Term("Of a picture, in pixels; null: not one.", 1280),
    "height": Term("Of a picture, in pixels; null: not one.", 720),
    "url": Term("Where it is.", f"/api/v1/attachments/{ROOM}"),
    "thumbnail_url": Term(
        "Where a small picture of it is; null: not a picture.",
        f"/api/v1/attachments/{ROOM}/thumbnail",
    ),
    "AttachmentPayload.name": Term("The name it was uploaded with.", "build.png"),
}
_SESSIONS = {
    "access": Term("The access token: it opens both doors, for minutes.", _TOKEN),
    "refresh": Term("The refresh token: it buys the next pair, once.", _TOKEN),
    "ticket": Term("The ticket: it opens one socket, within seconds.", _TOKEN),
    "token": Term("A token.", _TOKEN),
    "TokenExpiring.expires_at": Term("When the token of this socket expires.", TIME),
    "token_expires_at": Term("When the token of this socket expires.", TIME),
    "expires_in": Term("Seconds until this is over by itself.", 30),
    "sessions": Term("The devices that are logged in."),
    "session_id": Term("The id of a session.", PERSON),
    "user_agent": Term("What the device said about itself.", "Firefox/145.0"),
    "last_used_at": Term("When its tokens were last refreshed.", TIME),
    "current": Term("Whether this is the session that asks.", True),
}
PEOPLE = _PEOPLE | _PROFILES | _FILES | _SESSIONS
