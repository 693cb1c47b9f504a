"""Refusals: everything that a door answers with an error is one of these.

    Refusal
    ├── Invalid            invalid        400  the request's shape is wrong
    ├── Unauthorized       unauthorized   401  no token, a bad one, a revoked session
    │   └── TokenExpired   token_expired  401  a good token, too late
    └── ...                chat/errors.py has the rest

A code is stable for ever; a detail is a sentence for people and may change.
"""

from collections.abc import Mapping, Sequence

_DENIALS = (401, 403, 404)


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
    def is_denial(self) -> bool:
        """Who asks may not do it, or shall not learn whether it is there."""
        return self.status in _DENIALS


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
