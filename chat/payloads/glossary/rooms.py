"""The fields of rooms, their members and settings."""

from .terms import PERSON, ROOM, TIME, Term

ROOMS = {
    "room": Term("The id of the room.", ROOM),
    "RoomAdded.room": Term("The room."),
    "RoomCreated.room": Term("The room."),
    "RoomUpdated.room": Term("The room."),
    "RoomReply.room": Term("The room."),
    "DirectReply.room": Term("The room of the two people."),
    "room_id": Term("The id of a room.", ROOM),
    "rooms": Term("The rooms."),
    "UnsubscribeCommand.rooms": Term("The ids of the rooms.", [ROOM]),
    "RoomPayload.id": Term("The id of the room.", ROOM),
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
    "MemberLeft.user": Term("The id of the person.", PERSON),
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
    "oldest_at": Term("When that was written; null: none would stay.", TIME),
    "archived": Term("Nobody writes or joins any more.", False),
    "archived_at": Term("Since when nobody writes or joins; null: open.", TIME),
    "get_or_create": Term("Join the public room of this name if there is one.", False),
    "epoch": Term("The name of this history; another one: start again.", "dc7eb858"),
    "head_seq": Term("The number of the room's latest change.", 1042),
    "role": Term("What a member may do; null: not a member.", "member"),
    "read": Term("How far the reader has read; null outside the list of rooms."),
    "members": Term("The members."),
    "joined_at": Term("Since when the person is a member.", TIME),
    "muted_until": Term("Until when the person may not write; null: they may.", TIME),
    "seconds": Term("For how long, from now on.", 600),
    "bans": Term("Who may not come back."),
}
