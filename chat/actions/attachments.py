"""Uploading files and deleting them. chat/log/batch.py sends them with a message."""

from datetime import timedelta

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from core import limits
from core.errors import TooLong
from core.files import pictures
from core.files.sniffing import PICTURES, clean_name, content_type
from core.limits.table import LIMITS

from .. import stored_files
from ..access.rooms import access_upload
from ..models import Attachment
from ..payloads.messages import AttachmentPayload, attachment_payload

UNSENT = timedelta(days=1)


def add_attachment(
    actor: Actor, room_id: str, file: "File[bytes]"
) -> AttachmentPayload:
    """Store a file that the person may send in this room within a day.

    A picture is decoded and encoded anew. Raises TooLong, Invalid for a bad picture,
    RateLimited, QuotaExceeded, RoomNotFound, Forbidden or Muted.
    """
    limits.uploads.take(actor.id)
    check_size(file, LIMITS.attachment_bytes)
    kind = content_type(file)
    name = clean_name(file.name or "", kind)
    if kind not in PICTURES:
        with stored_files.put("attachments", file, owner=actor.user) as [stored]:
            attachment = Attachment(file=stored, size=file.size)
            return _save(attachment, actor, room_id, name, kind)
    with (
        pictures.made_anew(file, kind) as picture,
        stored_files.put(
            "attachments", picture.content, picture.thumbnail, owner=actor.user
        ) as names,
    ):
        attachment = Attachment(
            file=names[0],
            thumbnail=names[1],
            size=picture.size,
            width=picture.width,
            height=picture.height,
        )
        return _save(attachment, actor, room_id, name, kind)


def check_size(file: "File[bytes]", most: int) -> None:
    """Raises TooLong for a file of more than so many bytes."""
    if file.size > most:
        raise TooLong(f"A file here has at most {most} bytes.")


@transaction.atomic
def _save(
    attachment: Attachment, actor: Actor, room_id: str, name: str, content_type: str
) -> AttachmentPayload:
    """The rights are checked here, since decoding took a while and the room may be
    gone by now."""
    seat = access_upload(actor, room_id, lock=True)
    attachment.room, attachment.uploader = seat.room, actor.user
    attachment.name, attachment.content_type = name, content_type
    attachment.save(force_insert=True)
    return attachment_payload(attachment)


@transaction.atomic
def remove_attachments(rows: QuerySet[Attachment]) -> None:
    """Delete the rows now, and their files when that is committed."""
    # Locked, since somebody may be sending one of the unsent files.
    attachments = list(rows.select_for_update().order_by("pk"))
    names = [name for one in attachments for name in (one.file, one.thumbnail)]
    stored_files.remove_on_commit("attachments", *names)
    Attachment.objects.filter(pk__in=[one.pk for one in attachments]).delete()


def forget_unsent() -> None:
    """Delete the files that were uploaded over a day ago and are in no message."""
    before = timezone.now() - UNSENT
    remove_attachments(Attachment.objects.filter(message=None, created_at__lt=before))
