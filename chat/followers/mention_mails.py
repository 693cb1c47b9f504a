"""Mails to people who were mentioned by name and have not read it in time.

A mail gathers all due mentions of a person and names the rooms and the senders, never
what was said. Each mention is decided once: the decision is committed before the mail
goes out, so a crash between the two loses a mail and never sends one twice.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from accounts.actor import system
from accounts.models import User
from core import jobs

from .. import presence
from ..access.readers import still_reading
from ..leases import alone, renew
from ..models import Lease, Membership, MentionMail, Message, Room
from .mention_mailer import FRESH, named

SEND_SECONDS = 60
MAX_PEOPLE = 500
# The mentions that one mail gathers.
MAX_MENTIONS = 100
MAX_MAILS_PER_HOUR = 3
# Rows are kept for longer than a message is fresh, so that none is decided twice.
_KEPT = timedelta(days=7)

_TEXT = """Hello {name},

you were mentioned, and have not read it yet:

{mentions}

Read it here: {link}

To get no such mails about a room, set its notifications to "none".
"""
# Anybody can choose a room's name, so a mail leaves out one that looks like a link.
_LIKE_A_LINK = re.compile(r"://|\w\.\w")


def send_due() -> None:
    """Decide the mentions that are due, in one process at a time."""
    alone("mention mails", _send_due)


def _send_due(lease: Lease) -> None:
    now = timezone.now()
    MentionMail.objects.filter(due_at__lt=now - _KEPT).delete()
    due = MentionMail.objects.filter(settled_at=None, due_at__lte=now)
    for user_id in list(due.values_list("user", flat=True).distinct()[:MAX_PEOPLE]):
        renew(lease)
        # A mail that finds no place in the queue would be lost.
        if jobs.MAIL.is_full:
            return
        _decide(user_id, now)


@transaction.atomic
def _decide(user_id: UUID, now: datetime) -> None:
    """Mail a person's due mentions, settle them without a mail, or put them off."""
    due = MentionMail.objects.filter(user=user_id, settled_at=None, due_at__lte=now)
    # Locked: a process that slept through its lease must not mail them as well.
    rows = list(due.select_for_update().order_by("due_at", "pk")[:MAX_MENTIONS])
    # An address is kept only once it is confirmed (accounts/mails.py).
    people = User.objects.filter(pk=user_id, is_active=True, is_bot=False)
    person = people.exclude(email="").first()
    messages = _unread(person, rows, now) if person else []
    chosen = MentionMail.objects.filter(pk__in=[row.pk for row in rows])
    if messages and _must_wait(user_id, now):
        wait = timedelta(minutes=settings.MENTION_MAIL_MINUTES)
        chosen.update(due_at=now + wait)
        return
    chosen.filter(message__in=messages).update(mailed_at=now)
    chosen.update(settled_at=now)
    if person and messages:
        _mail(person, messages)


def _unread(person: User, rows: Sequence[MentionMail], now: datetime) -> list[Message]:
    """Of the mentioning messages those that the person is still to be told of.

    A message drops out when it was read, deleted or edited so that it names them no
    more, when they may not read the room or want to hear nothing of it, and when they
    have blocked the sender.
    """
    messages = Message.objects.filter(
        pk__in=[row.message_id for row in rows],
        created_at__gt=now - FRESH,
        deleted_at=None,
    )
    messages = messages.select_related("room", "sender").order_by("room", "seq")
    rooms = {message.room_id for message in messages}
    readable = still_reading((system(person), str(room)) for room in rooms)
    own = Membership.objects.filter(user=person, room__in=rooms)
    read = dict(own.exclude(notify="none").values_list("room", "read_seq"))
    blocked = set(person.blocks.values_list("blocked", flat=True))
    return [
        message
        for message in messages
        if (str(person.pk), str(message.room_id)) in readable
        and message.seq > read.get(message.room_id, message.seq)
        and message.sender_id not in blocked
        and str(person.pk) in named(message)
    ]


def _must_wait(user_id: UUID, now: datetime) -> bool:
    """Whether they are online, where their client shows it, or had enough mails."""
    hour = MentionMail.objects.filter(
        user=user_id, mailed_at__gt=now - timedelta(hours=1)
    )
    mails = hour.values("mailed_at").distinct().count()
    return mails >= MAX_MAILS_PER_HOUR or bool(presence.online_among([user_id]))


def _mail(person: User, messages: Sequence[Message]) -> None:
    lines = []
    for room, those in groupby(messages, key=lambda message: message.room):
        names = (f"@{m.sender.username}" if m.sender else "somebody" for m in those)
        lines.append(f"- {_place(room)}: {', '.join(dict.fromkeys(names))}")
    text = _TEXT.format(
        name=person.display_name,
        mentions="\n".join(lines),
        link=settings.PUBLIC_URL or "http://localhost:8000",
    )
    mail = EmailMessage("You were mentioned", text, to=[person.email])

    def deliver() -> None:
        mail.send()

    transaction.on_commit(lambda: jobs.start(deliver, jobs.MAIL))


def _place(room: Room) -> str:
    """The room's name, unless it is one that a mail program would turn into a link."""
    if room.kind == Room.Kind.DIRECT:
        return "a direct conversation"
    if not room.name or _LIKE_A_LINK.search(room.name):
        return "a room"
    return room.name
