"""The fields of system events: those that mean another thing than elsewhere."""

from .terms import PERSON, TIME, Term

# Events about one person, whom `user` names by id.
_OF_MEMBERS = (
    "SystemMemberJoined",
    "SystemMemberLeft",
    "SystemMemberAdded",
    "SystemMemberRemoved",
    "SystemMemberBanned",
    "SystemMemberRoleChanged",
    "SystemMemberMuted",
    "SystemMemberUnmuted",
)
_USER = Term("The id of the person whom the event is about.", PERSON)
_QUIET = Term("Only ever `true`: a client need not show this message.", True)

SYSTEM_EVENTS = {
    **{f"{shape}.user": _USER for shape in _OF_MEMBERS},
    "SystemMemberJoined.invited_by": Term(
        "The id of the person who invited them; missing: they came by themselves.",
        PERSON,
    ),
    "SystemMemberRoleChanged.role": Term("The member's new role.", "moderator"),
    "SystemMemberMuted.until": Term("Until when the person may not write.", TIME),
    "quiet": _QUIET,
}
