"""Answers with files, in such a way that no browser takes one for a page of ours.

backend/headers.py has the policy of their addresses; backend/downloads.py sends them.
"""

from django.http import FileResponse, Http404
from django.utils.cache import patch_vary_headers

from chat.models import Attachment, Export
from core.files import storage
from core.files.pictures import AVATAR_TYPE
from core.files.signed_links import LINK_SECONDS
from core.files.sniffing import PICTURES, UNKNOWN


def attachment_file(attachment: Attachment) -> FileResponse:
    """A browser shows a picture and saves anything else, whatever its name says."""
    is_picture = attachment.content_type in PICTURES
    response = _download(
        "attachments",
        attachment.file,
        attachment.content_type if is_picture else UNKNOWN,
        filename=attachment.name,
        save=not is_picture,
    )
    return _private(response)


def attachment_thumbnail(attachment: Attachment) -> FileResponse:
    return _private(_download("attachments", attachment.thumbnail, AVATAR_TYPE))


def export_file(export: Export) -> FileResponse:
    """All of somebody's data, so no cache may keep it."""
    response = _download(
        "exports", export.file, "application/zip", filename="hubbub.zip", save=True
    )
    response["Cache-Control"] = "no-store"
    return response


def avatar_file(name: str) -> FileResponse:
    response = _download("avatars", name, AVATAR_TYPE)
    # For ever, since a new picture has a new name.
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _private(response: FileResponse) -> FileResponse:
    response["Cache-Control"] = f"private, max-age={LINK_SECONDS}"
    patch_vary_headers(response, ["Authorization"])
    return response


def _download(
    folder: storage.Folder,
    name: str,
    content_type: str,
    *,
    filename: str = "",
    save: bool = False,
) -> FileResponse:
    try:
        file = storage.opened(folder, name)
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(
        file,
        as_attachment=save,
        filename=filename,
        content_type=content_type,
    )
