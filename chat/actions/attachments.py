"""Uploading files, and letting go of them. Sending them is chat/log/batch.py's."""

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
    """A file that this person may send in this room, for a day theirs alone."""
    limits.uploads.take(actor.id)
    check_size(file, LIMITS.attachment_bytes)
    found = content_type(file)
    name = clean_name(file.name or "", found)
    if found not in PICTURES:
        with stored_files.put("attachments", file, owner=actor.user) as [stored]:
            attachment = Attachment(file=stored, size=file.size)
            return _save(attachment, actor, room_id, name, found)
    with (
        pictures.made_anew(file, found) as picture,
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
        return _save(attachment, actor, room_id, name, found)


def check_size(file: "File[bytes]", most: int) -> None:
    if file.size > most:
        raise TooLong(f"A file here has at most {most} bytes.")


@transaction.atomic
def _save(
    attachment: Attachment, actor: Actor, room_id: str, name: str, content_type: str
) -> AttachmentPayload:
    """Asked again: the work took a while, and the room may be gone."""
    seat = access_upload(actor, room_id, lock=True)
    attachment.room, attachment.uploader = seat.room, actor.user
    attachment.name, attachment.content_type = name, content_type
    attachment.save(force_insert=True)
    return attachment_payload(attachment)


@transaction.atomic
def remove_attachments(rows: QuerySet[Attachment]) -> None:
    """The rows now, the files when that is committed."""
    # Locked: of those that nobody sent, somebody may be sending one.
    found = list(rows.select_for_update().order_by("pk"))
    names = [name for one in found for name in (one.file, one.thumbnail)]
    stored_files.remove_on_commit("attachments", *names)
    Attachment.objects.filter(pk__in=[one.pk for one in found]).delete()


def forget_unsent() -> None:
    """What was uploaded a day ago and is in no message."""
    before = timezone.now() - UNSENT
    remove_attachments(Attachment.objects.filter(message=None, created_at__lt=before))
