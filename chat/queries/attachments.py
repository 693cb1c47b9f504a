"""Files that people open: with their own token, or by a signed link."""

from accounts.actor import Actor
from core.files.signed_links import LINK_SECONDS, is_signed, signature
from core.ids import known_uuids

from ..access.rooms import access_attachment, access_upload
from ..models import Attachment
from ..payloads.messages import LinkPayload, attachment_path


def check_upload(actor: Actor, room_id: str) -> None:
    """For a door, before it reads the file that somebody uploads to a room.

    Raises RoomNotFound, Forbidden or Muted.
    """
    access_upload(actor, room_id)


def attachment(actor: Actor, attachment_id: str) -> Attachment | None:
    """None both when there is no such file and when this person may not open it."""
    return access_attachment(actor, attachment_id)


def signed_attachment(attachment_id: str, given: str) -> Attachment | None:
    """The file that a signed link leads to; None when the link or the file is gone."""
    if not is_signed(attachment_id, given):
        return None
    return Attachment.objects.filter(pk__in=known_uuids([attachment_id])).first()


def link(actor: Actor, attachment_id: str) -> LinkPayload | None:
    """A signed link to the file, good for LINK_SECONDS; None as in `attachment`."""
    file = access_attachment(actor, attachment_id)
    if file is None:
        return None
    query = f"?signature={signature(str(file.pk))}"
    path = attachment_path(file)
    thumbnail = f"{path}/thumbnail{query}" if file.thumbnail else None
    return LinkPayload(path + query, thumbnail, LINK_SECONDS)
