"""All statements of `append`, written by hand and prepared once for each connection.

They are sent in two pipelines: begin, lock and read; then write and commit. What is
read comes after LOCK_ROOMS in the same pipeline, and each statement sees all that was
committed before it began. So nothing is older than the locks.

Reads find the rows that they were asked for by `n`, a place in the list of those.
"""

from core.statement import Statement

_ROOMS = """
SELECT d.n, r.kind, r.staff_only, r.guests_may_read, r.announcements_only,
       r.archived_at, r.slow_mode_seconds, r.head_seq, r.epoch
FROM {rows} d JOIN chat_room r ON r.id = d.room
ORDER BY r.id
"""
# Locks the rooms in the order of their ids, so that two writers cannot deadlock.
# NO KEY, so that inserting a row that refers to a room need not wait.
LOCK_ROOMS = Statement(_ROOMS, columns="room uuid", lock="FOR NO KEY UPDATE OF r")
# The same without the rooms that another transaction holds.
LOCK_FREE_ROOMS = Statement(
    _ROOMS, columns="room uuid", lock="FOR NO KEY UPDATE OF r SKIP LOCKED"
)

# Locks nothing: who changes a membership, a ban or a block takes the room's lock first.
# A session may end meanwhile, and a write that began before that is taken (see G6).
# One statement for all, so that a hidden room is asked for as a missing one is. What
# is costly is asked for members of the rooms that need it.
READ_SENDERS = Statement(
    """
SELECT d.n, u.username, u.display_name, u.avatar, u.is_bot, u.is_guest, u.is_staff,
       u.is_active, u.token_version, s.id IS NOT NULL, m.role, m.muted_until,
       b.id IS NOT NULL,
       CASE WHEN m.id IS NOT NULL AND r.kind = 'direct' THEN EXISTS (
           SELECT 1 FROM chat_block x JOIN chat_membership o ON o.user_id = x.user_id
           WHERE x.blocked_id = d.sender AND o.room_id = d.room
       ) ELSE FALSE END,
       CASE WHEN m.id IS NOT NULL AND r.slow_mode_seconds > 0 THEN (
           SELECT max(l.created_at) FROM chat_message l
           WHERE l.room_id = d.room AND l.sender_id = d.sender AND l.kind = 'user'
       ) END
FROM {rows} d
JOIN accounts_user u ON u.id = d.sender
LEFT JOIN accounts_session s ON s.id = d.session AND s.ended_at IS NULL
LEFT JOIN chat_room r ON r.id = d.room
LEFT JOIN chat_membership m ON m.room_id = d.room AND m.user_id = d.sender
LEFT JOIN chat_ban b ON b.room_id = d.room AND b.user_id = d.sender
""",
    columns="room uuid, sender uuid, session uuid",
)

# Locks nothing: a message stays, and its number with it, when it is deleted.
READ_TARGETS = Statement(
    """
SELECT d.n FROM {rows} d
JOIN chat_message t ON t.room_id = d.room AND t.seq = d.seq
""",
    columns="room uuid, seq bigint",
)

# Locks the files, because those that nobody sent for a day are being deleted.
LOCK_FILES = Statement(
    """
SELECT d.n, f.name, f.content_type, f.size, f.width, f.height, f.thumbnail
FROM {rows} d
JOIN chat_attachment f ON f.id = d.file
    AND f.room_id = d.room AND f.uploader_id = d.sender AND f.message_id IS NULL
ORDER BY f.id
""",
    columns="room uuid, sender uuid, file uuid",
    lock="FOR UPDATE OF f",
)

# Locks nothing: memberships change under the room's lock. Only a member's text is
# compared with the names of the others.
READ_MENTIONED = Statement(
    """
SELECT d.n, u.id FROM {rows} d
JOIN chat_membership w ON w.room_id = d.room AND w.user_id = d.sender
JOIN accounts_user u ON lower(u.username) = d.name
JOIN chat_membership m ON m.room_id = d.room AND m.user_id = u.id
""",
    columns="room uuid, sender uuid, name text",
)

# The unique indexes on seq and client_id refuse what the locks did not prevent.
INSERT_MESSAGES = Statement(
    """
INSERT INTO chat_message (room_id, seq, rev, kind, level, sender_id, client_id, body,
                          reply_to, mentions, created_at)
SELECT d.room, d.seq, d.seq, 'user', d.level, d.sender, d.client_id, d.body,
       d.reply_to, d.mentions, d.created_at
FROM {rows} d
""",
    columns="room uuid, seq bigint, level text, sender uuid, client_id text,"
    " body text, reply_to bigint, mentions jsonb, created_at timestamptz",
)

# A mention without a person is for everybody.
INSERT_MENTIONS = Statement(
    """
INSERT INTO chat_mention (message_id, user_id, room_id, seq, sender_id)
SELECT t.id, d.person, d.room, d.seq, d.sender
FROM {rows} d JOIN chat_message t ON t.room_id = d.room AND t.seq = d.seq
""",
    columns="room uuid, seq bigint, sender uuid, person uuid",
)

# The files are locked by LOCK_FILES.
SEND_FILES = Statement(
    """
UPDATE chat_attachment SET message_id = t.id
FROM {rows} d JOIN chat_message t ON t.room_id = d.room AND t.seq = d.seq
WHERE chat_attachment.id = d.file
""",
    columns="room uuid, seq bigint, file uuid",
)

# The rooms are locked by LOCK_ROOMS, so the heads are as they were read.
RAISE_HEADS = Statement(
    """
UPDATE chat_room SET head_seq = d.head FROM {rows} d WHERE chat_room.id = d.room
""",
    columns="room uuid, head bigint",
)
