"""The query of a retention preview."""

from rest_framework import serializers

from core.limits.table import RETENTION_DAYS

from .base import Body


class RetentionQuery(Body):
    days = serializers.IntegerField(
        min_value=1, max_value=RETENTION_DAYS, help_text="If it were so many."
    )
