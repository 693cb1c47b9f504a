"""Every refusal of the chat; the tree's root and its first branch are in accounts.

Refusal
├── BadFrame           bad_frame          400  no JSON object in a text frame
├── UnknownCommand     unknown_command    400
├── Forbidden          forbidden          403  you may see it, not do it
│   └── Muted          muted              403
├── RoomNotFound       room_not_found     404  not there, or not for you: the same
├── MessageNotFound    message_not_found  404
├── UserNotFound       user_not_found     404
├── InvitationNotFound invitation_not_found 404  whatever is wrong with it: the same
├── Conflict           conflict           409
├── TooLong            too_long           413
├── QuotaExceeded      quota_exceeded     413  files take more room than is allowed
├── RateLimited        rate_limited       429  with retry_after, in seconds
├── TooManyRooms       too_many_rooms     429
├── Unavailable        unavailable        503  database: same client_id again
├── Timeout            timeout            504  outcome unknown: same client_id again
└── Internal           internal           500  ours; the id is in the log
"""

from dataclasses import dataclass

from core.errors import (
    Invalid,
    Refusal,
    TokenExpired,
    Unauthorized,
)

__all__ = ["Invalid", "Refusal", "TokenExpired", "Unauthorized"]


class BadFrame(Refusal):
    code = "bad_frame"
    status = 400
    detail = "Send one JSON object in one text frame."


class UnknownCommand(Refusal):
    code = "unknown_command"
    status = 400
    detail = "There is no such command."


class Forbidden(Refusal):
    code = "forbidden"
    status = 403
    detail = "You may not do this here."


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


class Conflict(Refusal):
    code = "conflict"
    status = 409
    detail = "This was done before, differently."


class TooLong(Refusal):
    code = "too_long"
    status = 413
    detail = "This is longer than the limits allow."


class QuotaExceeded(Refusal):
    code = "quota_exceeded"
    status = 413
    detail = "There is no room for this."


@dataclass(frozen=True, slots=True)
class Policy:
    """Which limit it was: `quota` at once, and as many again in `window` seconds."""

    name: str
    quota: int
    window: int


class RateLimited(Refusal):
    code = "rate_limited"
    status = 429
    detail = "Too fast: wait for retry_after seconds."

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after: float,
        policy: Policy | None = None,
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.policy = policy


class TooManyRooms(Refusal):
    code = "too_many_rooms"
    status = 429
    detail = "This connection is subscribed to as many rooms as it may be."


class Unavailable(Refusal):
    code = "unavailable"
    status = 503
    detail = "The database does not answer. Try again, with the same client_id."


class Timeout(Refusal):
    code = "timeout"
    status = 504
    detail = "No answer in time. If you sent a message, send the same client_id again."


class Internal(Refusal):
    code = "internal"
    status = 500
