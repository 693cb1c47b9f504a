"""Which messages of a room are too old to be kept, and a preview of another limit.

Pinned messages stay, however old: somebody pinned them so that they are kept.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor

from ..access.rooms import access_update
from ..models import Attachment, Message, Room
from ..payloads.rooms import RetentionPayload


def due(room: Room) -> Q:
    """The condition of the room's own setting; nothing where the room keeps all."""
    if room.retention_days is None:
        return Q(pk__in=[])
    return _older(room.retention_days)


def preview(actor: Actor, room_id: str, days: int) -> RetentionPayload:
    """What a limit of so many days would delete now; for those who may set it.

    Raises RoomNotFound or Forbidden.
    """
    seat = access_update(actor, room_id, {"retention_days"})
    said = Message.objects.filter(
        room=seat.room, kind=Message.Kind.USER, deleted_at=None
    )
    going = said.filter(_older(days))
    oldest = said.exclude(_older(days)).order_by("seq").first()
    return RetentionPayload(
        messages=going.count(),
        files=Attachment.objects.filter(message__in=going.values("pk")).count(),
        oldest_seq=oldest.seq if oldest else None,
        oldest_at=oldest.created_at if oldest else None,
    )


def _older(days: int) -> Q:
    before = timezone.now() - timedelta(days=days)
    return Q(created_at__lt=before, pinned_at=None)
