"""Refusals of the chat; core/errors.py has those of any server, and the tree's root.

Refusal
├── Forbidden
│   └── Muted            muted                403
├── RoomNotFound         room_not_found       404  not there, or not for you: the same
├── MessageNotFound      message_not_found    404
├── UserNotFound         user_not_found       404
├── InvitationNotFound   invitation_not_found 404  whatever is wrong with it: the same
└── TooManyRooms         too_many_rooms       429
"""

from core.errors import Forbidden, Refusal


class Muted(Forbidden):
    code = "muted"
    detail = "You are muted in this room."


class RoomNotFound(Refusal):
    code = "room_not_found"
    status = 404
    detail = "There is no such room, or you may not see it."


class MessageNotFound(Refusal):
    code = "message_not_found"
    status = 404
    detail = "There is no such message in this room."


class UserNotFound(Refusal):
    code = "user_not_found"
    status = 404
    detail = "There is no such person here."


class InvitationNotFound(Refusal):
    code = "invitation_not_found"
    status = 404
    detail = "There is no such invitation, or it is no longer good."


class TooManyRooms(Refusal):
    code = "too_many_rooms"
    status = 429
    detail = "This connection is subscribed to as many rooms as it may be."
