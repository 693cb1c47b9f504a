"""Bodies and queries of the requests about messages."""

from typing import Any

from rest_framework import serializers

from chat.models import Message
from core.limits.table import DEFAULT_PAGE, LIMITS, REFERENCE_CHARACTERS

from .base import Body, Number, Text


class NewMessage(Body):
    client_id = Text(
        trim_whitespace=False,
        help_text="Your own key: the same key again is the same message. Use a UUID.",
    )
    body = Text(
        trim_whitespace=False,
        allow_blank=True,
        help_text=f"At most {LIMITS.message_characters} characters; empty only with"
        " attachments.",
    )
    level = serializers.ChoiceField(
        choices=Message.Level.values,
        default=Message.Level.NORMAL.value,
        help_text="Warnings and alerts are for moderators and staff.",
    )
    reply_to = Number(
        required=False, allow_null=True, min_value=1, help_text="A `seq` of this room."
    )
    attachments = serializers.ListField(
        child=Text(max_length=REFERENCE_CHARACTERS),
        max_length=LIMITS.attachments_per_message,
        default=list,
        help_text="Ids of files that you uploaded to this room.",
    )


class MessageEdit(Body):
    body = Text(trim_whitespace=False, allow_blank=True)


class HistoryQuery(Body):
    before = serializers.IntegerField(required=False, min_value=0)
    after = serializers.IntegerField(
        required=False, min_value=0, help_text="Newer than this `seq`."
    )
    around = serializers.IntegerField(required=False, min_value=0)
    limit = serializers.IntegerField(
        default=DEFAULT_PAGE, min_value=1, max_value=LIMITS.history_page
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({"before", "after", "around"} & attrs.keys()) > 1:
            raise serializers.ValidationError(
                {"before": ["Give one of before, after and around."]}
            )
        return super().validate(attrs)
