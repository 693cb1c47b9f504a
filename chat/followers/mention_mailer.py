"""The follower that notes which mentions may become mails; mention_mails.py sends them.

A mention waits before it is mailed, and the cursor does not wait with it: the wait is a
row of its own, so the follower only ever inserts rows.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from ..mentions import EVERYBODY
from ..models import MentionMail, Message
from .follower import Batch

# An older message is not mailed: a reaction to it brings it to the follower again.
FRESH = timedelta(days=1)


class MentionMailer:
    name = "mention mails"
    # Nobody is mailed within the minute, so there is no hurry.
    gather_seconds = 5.0

    def deliver(self, batch: Batch) -> None:
        oldest = timezone.now() - FRESH
        wait = timedelta(minutes=settings.MENTION_MAIL_MINUTES)
        rows = [
            MentionMail(
                message=message,
                user_id=user_id,
                due_at=(message.edited_at or message.created_at) + wait,
            )
            for message in batch.messages
            if message.created_at > oldest
            for user_id in named(message)
        ]
        # A message that is delivered again changes nothing.
        MentionMail.objects.bulk_create(rows, ignore_conflicts=True)


def named(message: Message) -> set[str]:
    """The ids of the people whom the message mentions by name, but for its sender.

    @room mentions nobody by name. A deleted message has no mentions any more.
    """
    return set(message.mentions) - {EVERYBODY, str(message.sender_id)}
