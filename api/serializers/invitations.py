"""Bodies of the requests about invitations."""

from typing import Any

from rest_framework import serializers

from core.limits.table import (
    DEFAULT_INVITATION_SECONDS,
    INVITATION_SECONDS,
    INVITATION_USES,
    REFERENCE_CHARACTERS,
)

from .base import Body, Number, Text


class NewInvitation(Body):
    user = Text(
        max_length=REFERENCE_CHARACTERS,
        required=False,
        help_text="The id or the username of a person. Without it, it is a link.",
    )
    expires_in = Number(
        required=False,
        min_value=60,
        max_value=INVITATION_SECONDS,
        help_text="Of a link: the seconds that it is good for. Seven days if not said.",
    )
    max_uses = Number(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=INVITATION_USES,
        help_text="Of a link: how many people it lets in. Null: as many as come.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if "user" in attrs and len(attrs) > 1:
            raise serializers.ValidationError(
                {"user": ["Invite a person, or make a link with these."]}
            )
        if "user" in attrs:
            return attrs
        return {"expires_in": DEFAULT_INVITATION_SECONDS, "max_uses": None, **attrs}
