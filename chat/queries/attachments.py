"""Files that somebody wants to open."""

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
    """None for what is not there and for what this person may not open."""
    return access_attachment(actor, attachment_id)


def signed_attachment(attachment_id: str, given: str) -> Attachment | None:
    """For whoever has a link that is still good, to a file that is still there."""
    if not is_signed(attachment_id, given):
        return None
    return Attachment.objects.filter(pk__in=known_uuids([attachment_id])).first()


def link(actor: Actor, attachment_id: str) -> LinkPayload | None:
    found = access_attachment(actor, attachment_id)
    if found is None:
        return None
    query = f"?signature={signature(str(found.pk))}"
    path = attachment_path(found)
    thumbnail = f"{path}/thumbnail{query}" if found.thumbnail else None
    return LinkPayload(path + query, thumbnail, LINK_SECONDS)
