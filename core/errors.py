"""Refusals: every error that a door answers is one of these.

    Refusal
    ├── Invalid            invalid        400  the request has the wrong shape
    ├── Unauthorized       unauthorized   401  no token, a bad one, a revoked session
    │   └── TokenExpired   token_expired  401  a token that was good until now
    └── ...                chat/errors.py has the rest

A code never changes. A detail is a sentence for people and may change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ABOUT_ACCESS = (401, 403, 404)


class Refusal(Exception):
    """Answered as `{code, detail, fields?, retry_after?}` by both doors."""

    code = "internal"
    status = 500
    detail = "Something went wrong."

    def __init__(
        self,
        detail: str | None = None,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.detail = detail or type(self).detail
        self.fields = fields
        self.retry_after = retry_after
        super().__init__(self.detail)

    @property
    def is_about_access(self) -> bool:
        """Whether the actor may not do this, or may not learn whether it exists."""
        return self.status in _ABOUT_ACCESS


class Invalid(Refusal):
    code = "invalid"
    status = 400
    detail = "Some fields are missing or wrong."


class Unauthorized(Refusal):
    code = "unauthorized"
    status = 401
    detail = "Log in first: the token is missing, wrong or no longer valid."


class TokenExpired(Unauthorized):
    code = "token_expired"
    detail = "The token has expired: refresh it."


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
    """A limit in the terms of HTTP: `quota` at once, again every `window` seconds."""

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
